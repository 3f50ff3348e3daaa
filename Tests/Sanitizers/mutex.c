// Tells ThreadSanitizer of what Swift's Mutex orders when it has to wait.
//
// Locking and unlocking without contention is inlined into the program, whose atomics ThreadSanitizer sees. With contention
// it goes through two functions of libswiftSynchronization, which is built without ThreadSanitizer: what one thread wrote
// under the lock and another then read was reported as a race. Preloaded, these stand before the library's own.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// Swift passes `self`, the address of the handle, in a register of its own.
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

// Of the program, where it is built with ThreadSanitizer.
void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK_SLOW);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK_SLOW);

SWIFT void lock_slow(uint32_t thread, SELF) {
    static SWIFT void (*own)(uint32_t, SELF);
    if (!own) own = dlsym(RTLD_NEXT, LOCK_SLOW);
    own(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF) {
    static SWIFT void (*own)(SELF);
    if (!own) own = dlsym(RTLD_NEXT, UNLOCK_SLOW);
    if (__tsan_release) __tsan_release(self);
    own(self);
}
