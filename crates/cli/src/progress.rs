//! A line that tells how far long work has come, on a terminal only.

use std::io::{self, IsTerminal as _, Write as _};

const BAR_WIDTH: u64 = 30;

/// Progress of something that is counted in bytes or pieces.
#[derive(Debug)]
pub(crate) struct Progress {
    name: String,
    total: u64,
    shown: Option<u64>,
    terminal: bool,
}

impl Progress {
    /// Work with `total` pieces.
    pub(crate) fn new(name: &str, total: u64) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { name: crate::table::clean(name), total, shown: None, terminal }
    }

    /// So many are done.
    pub(crate) fn at(&mut self, done: u64) {
        let percent = done.saturating_mul(100).checked_div(self.total).unwrap_or(100).min(100);
        if !self.terminal || self.shown == Some(percent) {
            return;
        }
        self.shown = Some(percent);
        let mut beside = io::stderr().lock();
        let _unseen = write!(beside, "\r{} {} {percent:>3} %", self.name, bar(percent));
        let _unseen = beside.flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.is_some() {
            let _unseen = writeln!(io::stderr().lock());
        }
    }
}

fn bar(percent: u64) -> String {
    let full = percent * BAR_WIDTH / 100;
    (0..BAR_WIDTH).map(|place| if place < full { '█' } else { '░' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_from_empty_to_full() {
        assert!(bar(0).chars().all(|c| c == '░'));
        assert!(bar(100).chars().all(|c| c == '█'));
        assert_eq!(bar(50).chars().filter(|c| *c == '█').count(), 15);
    }

    #[test]
    fn nothing_to_do_is_done() {
        let mut progress = Progress::new("empty", 0);
        progress.terminal = false;
        progress.at(0);
        assert_eq!(progress.shown, None);
    }
}
