import NIOCore
import NIOPosix
import Testing

@testable import Delivery

@Suite struct LoopTaskExecutorTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    /// An actor on the loop that notes where it goes on after a wait.
    private actor Waiter {
        private let loop: any EventLoop
        nonisolated let unownedExecutor: UnownedSerialExecutor

        init(_ loop: any EventLoop) {
            self.loop = loop
            unownedExecutor = loop.executor.asUnownedSerialExecutor()
        }

        /// Whether it goes on in the job that the resumption has enqueued on the loop: the mark set behind that job is
        /// not seen, as it would be after a hop to another thread and back.
        func goesOnAtOnce() async -> Bool {
            let mark = NIOLoopBoundBox(false, eventLoop: loop)
            await withCheckedContinuation { continuation in
                loop.execute { [loop] in
                    continuation.resume()
                    loop.execute { mark.value = true }
                }
            }
            return !mark.value
        }
    }

    @Test func aTaskRunsOnItsLoopAndGoesOnThere() async {
        let places = await Task(executorPreference: LoopTaskExecutor(loop)) { [loop] in
            var places = [loop.inEventLoop]
            await withCheckedContinuation { continuation in
                MultiThreadedEventLoopGroup.singleton.any().execute { continuation.resume() }
            }
            places.append(loop.inEventLoop)
            return places
        }.value
        #expect(places == [true, true])
    }

    @Test func anActorOfTheLoopGoesOnWithoutAnotherHop() async {
        let waiter = Waiter(loop)
        let goesOnAtOnce = await Task(executorPreference: LoopTaskExecutor(loop)) { await waiter.goesOnAtOnce() }.value
        #expect(goesOnAtOnce)
    }
}
