//! Counts allocations, but only while asked to: otherwise it costs a load and a branch, which no time told here shows.

#![expect(unsafe_code, reason = "an allocator cannot be written without; it hands everything to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[global_allocator]
static COUNTING: Counting = Counting {
    on: AtomicBool::new(false),
    count: AtomicU64::new(0),
    bytes: AtomicU64::new(0),
    freed: AtomicU64::new(0),
};

struct Counting {
    on: AtomicBool,
    count: AtomicU64,
    bytes: AtomicU64,
    freed: AtomicU64,
}

/// How much was allocated.
#[derive(Clone, Copy, Debug)]
pub struct Allocated {
    /// How often.
    pub count: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many of them, or of those allocated before, were given back.
    pub freed: u64,
}

impl Allocated {
    /// By how many bytes more is held than before, or by how many less.
    #[must_use]
    pub const fn held(&self) -> i64 {
        self.bytes.cast_signed() - self.freed.cast_signed()
    }
}

/// What is allocated meanwhile, by all threads; growing counts as well.
pub fn during<T>(run: impl FnOnce() -> T) -> (T, Allocated) {
    let Counting { on, count, bytes, freed } = &COUNTING;
    for counter in [count, bytes, freed] {
        counter.store(0, Ordering::Relaxed);
    }
    on.store(true, Ordering::Relaxed);
    let result = run();
    on.store(false, Ordering::Relaxed);
    let [count, bytes, freed] = [count, bytes, freed].map(|counter| counter.load(Ordering::Relaxed));
    (result, Allocated { count, bytes, freed })
}

impl Counting {
    #[inline]
    fn note(&self, size: usize) {
        if self.on.load(Ordering::Relaxed) {
            self.count.fetch_add(1, Ordering::Relaxed);
            self.bytes.fetch_add(size as u64, Ordering::Relaxed);
        }
    }

    #[inline]
    fn note_freed(&self, size: usize) {
        if self.on.load(Ordering::Relaxed) {
            self.freed.fetch_add(size as u64, Ordering::Relaxed);
        }
    }
}

// SAFETY: each call is the system allocator's with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.note(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.note(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.note(size);
        self.note_freed(layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        self.note_freed(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}
