import Glibc

/// A point in time as a calendar in UTC shows it, to the millisecond.
struct LogTime: Equatable {
    var year = 1970
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0
    var millisecond = 0

    /// Now, by the system's clock.
    static var now: LogTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogTime(seconds: Int(time.tv_sec), millisecond: time.tv_nsec / 1_000_000)
    }

    /// - Parameter seconds: since 1970, not negative.
    init(seconds: Int, millisecond: Int) {
        self.millisecond = millisecond
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86400)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        // Years that begin in March, in eras of 400: the leap day is then the last of its year
        // (https://howardhinnant.github.io/date_algorithms.html, civil_from_days).
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}
