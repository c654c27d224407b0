//! The time of other programs.

#![expect(unsafe_code, reason = "what a child took only the C library tells")]

use std::time::Duration;

/// The user CPU time of all children that ended so far, and of theirs.
#[must_use]
pub fn children_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::zeroed();
    // SAFETY: `usage` has the type that is filled in, of which zeros are a value.
    let usage: libc::rusage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = u64::try_from(usage.ru_utime.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(usage.ru_utime.tv_usec).unwrap_or(0))
}
