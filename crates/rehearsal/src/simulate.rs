//! Random lawful lives (to be filled).
