//! Everything that is logged, as an operator of Rocket sees it by default.

use std::cell::RefCell;
use std::sync::Mutex;

static ALL: Mutex<Vec<String>> = Mutex::new(Vec::new());

thread_local! {
    static OWN: RefCell<String> = const { RefCell::new(String::new()) };
}

struct Capture;

impl log::Log for Capture {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Info
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = record.args().to_string();
        OWN.with_borrow_mut(|own| own.extend([&line, "\n"]));
        ALL.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

/// From now on the log goes nowhere but here.
pub(super) fn capture() {
    if log::set_boxed_logger(Box::new(Capture)).is_ok() {
        log::set_max_level(log::LevelFilter::Info);
    }
}

/// What this thread has logged since it was last asked.
pub(super) fn take_own() -> String {
    OWN.take()
}

/// The lines of all tests so far that have the text in them.
pub(crate) fn logged(text: &str) -> Vec<String> {
    ALL.lock().unwrap().iter().filter(|line| line.contains(text)).cloned().collect()
}
