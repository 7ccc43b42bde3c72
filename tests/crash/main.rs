//! Power cuts: the real executable is killed (-9) again and again, and nothing that it answered is
//! lost, nothing happens twice, every history verifies.

mod ledger;
mod life;
mod power;
mod timers;
