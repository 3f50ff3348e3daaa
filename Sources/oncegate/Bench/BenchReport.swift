import Foundation
import Histogram

/// A distribution of times, in milliseconds.
struct LatencySummary: Codable, Sendable {
    let p50: Double
    let p90: Double
    let p99: Double
    let p999: Double
    let max: Double

    /// Sums up a histogram of microseconds.
    init(_ histogram: Histogram<UInt64>) {
        func milliseconds(_ percentile: Double) -> Double {
            Double(histogram.valueAtPercentile(percentile)) / 1000
        }
        p50 = milliseconds(50)
        p90 = milliseconds(90)
        p99 = milliseconds(99)
        p999 = milliseconds(99.9)
        max = Double(histogram.max) / 1000
    }

    /// The figures in one line.
    var text: String {
        [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("max", max)]
            .map { "\($0) \(String(format: "%.2f", $1)) ms" }.joined(separator: "   ")
    }
}

/// The figures of one run.
struct BenchReport: Codable, Sendable {
    let events: Int
    let requests: Int
    let destinations: Int
    let accepted: Int
    /// Answers of the front door by status; `none` where a connection ended without one.
    let statuses: [String: Int]
    let acceptedPerSecond: Double
    let accept: LatencySummary
    let delivered: Int?
    /// Deliveries a second, from the first request to the last delivery.
    let deliveredPerSecond: Double?
    /// From the answer to the sender to the arrival at a destination.
    let acceptToDelivered: LatencySummary?
    let lost: Int?
    let duplicated: Int?
    /// CPU time for each event, from the first request to the last delivery, in microseconds.
    let gatewayMicrosecondsPerEvent: Double?
    let redisMicrosecondsPerEvent: Double?
    let seconds: Double

    init(
        plan: BenchPlan, sent: SentLoad, arrived: ArrivedLoad?, began: ContinuousClock.Instant, cpu: CPUTimes
    ) {
        events = plan.events
        requests = plan.requests
        destinations = plan.destinations
        accepted = sent.acceptedAt.lazy.filter { $0 != nil }.count
        statuses = Dictionary(
            uniqueKeysWithValues: sent.statuses.map { ($0.key == 0 ? "none" : String($0.key), $0.value) })
        acceptedPerSecond = Double(accepted) / ((sent.lastAnswer - began) / .seconds(1))
        accept = sent.latencies
        let end = max(sent.lastAnswer, arrived?.lastArrival ?? sent.lastAnswer)
        seconds = (end - began) / .seconds(1)
        gatewayMicrosecondsPerEvent = accepted > 0 ? cpu.gateway.map { $0 / Double(plan.events) } : nil
        redisMicrosecondsPerEvent = accepted > 0 ? cpu.redis.map { $0 / Double(plan.events) } : nil
        guard let arrived else {
            (delivered, deliveredPerSecond, acceptToDelivered, lost, duplicated) = (nil, nil, nil, nil, nil)
            return
        }
        var tally = Tally()
        for (counts, firstAt) in zip(arrived.counts, arrived.firstAt) {
            for event in 0..<plan.events {
                tally.add(count: counts[event], firstAt: firstAt[event], acceptedAt: sent.acceptedAt[event])
            }
        }
        delivered = tally.delivered
        deliveredPerSecond = Double(tally.delivered) / seconds
        acceptToDelivered = LatencySummary(tally.latencies)
        lost = tally.lost
        duplicated = tally.duplicated
    }

    /// Whether everything was accepted, and delivered once.
    var isRight: Bool { accepted == events && (lost ?? 0) == 0 && (duplicated ?? 0) == 0 }

    /// Counts deliveries one by one.
    private struct Tally {
        var delivered = 0
        var lost = 0
        var duplicated = 0
        var latencies = Histogram<UInt64>(highestTrackableValue: 3_600_000_000)

        mutating func add(count: UInt16, firstAt: ContinuousClock.Instant?, acceptedAt: ContinuousClock.Instant?) {
            if count > 1 { duplicated += 1 }
            if count > 0 { delivered += 1 }
            guard let acceptedAt else { return }
            guard let firstAt else {
                lost += 1
                return
            }
            // A delivery can be there before the sender has read its answer.
            latencies.record(UInt64(max(0, (firstAt - acceptedAt) / .microseconds(1))))
        }
    }
}

extension BenchReport: CustomStringConvertible {
    /// The figures for people.
    var description: String {
        func number(_ value: Double) -> String { String(format: "%.0f", value) }
        let answers = statuses.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        var lines = [
            "accepted    \(accepted) of \(events) events in \(requests) requests, \(number(acceptedPerSecond)) events/s",
            "answers     \(answers.joined(separator: ", "))",
            "accept      \(accept.text)",
        ]
        if let delivered, let deliveredPerSecond, let acceptToDelivered, let lost, let duplicated {
            lines += [
                "delivered   \(delivered) to \(destinations) destinations, \(number(deliveredPerSecond)) deliveries/s",
                "to arrival  \(acceptToDelivered.text)", "lost \(lost), duplicated \(duplicated)",
            ]
        }
        if let gatewayMicrosecondsPerEvent {
            let redis = redisMicrosecondsPerEvent.map { ", Redis \(String(format: "%.1f", $0)) µs" } ?? ""
            lines.append(
                "CPU         for each event: gateway \(String(format: "%.1f", gatewayMicrosecondsPerEvent)) µs\(redis)")
        }
        return lines.joined(separator: "\n")
    }
}
