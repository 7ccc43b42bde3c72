//! Dossiers that are there before anything is measured, made through the API as any other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;

use super::crews::Lines;
use super::life::{Life, SUBMITTED, TAKEN_OVER};
use super::worker::{Done, Filed, Mix, carry_out};

/// What the preload came to.
#[derive(Debug, Default)]
pub(super) struct Preloaded {
    /// The dossiers.
    pub(super) filed: Vec<Filed>,
    /// What was done for them.
    pub(super) done: Done,
    /// How long it took.
    pub(super) elapsed: Duration,
}

/// Acts that the dossier with a number gets: one of ten is delivered, one lies with a specialist, the
/// others were filed.
fn acts(number: usize, whole_life: usize) -> usize {
    match number % 10 {
        0 => whole_life,
        5 => TAKEN_OVER,
        _ => SUBMITTED,
    }
}

/// Files the dossiers with the numbers below `count`; each of `callers` files one at a time.
///
/// # Errors
/// An act is refused.
pub(super) async fn preload(
    callers: Vec<Lines>,
    mix: Mix,
    next: &Arc<AtomicUsize>,
    count: usize,
) -> anyhow::Result<Preloaded> {
    let begun = Instant::now();
    let work: Vec<_> = callers
        .into_iter()
        .map(|lines| tokio::spawn(file(lines, mix, Arc::clone(next), count)))
        .collect();
    let mut all = Preloaded::default();
    for work in work {
        let (filed, done) = work.await??;
        all.filed.extend(filed);
        all.done.add(done);
    }
    all.elapsed = begun.elapsed();
    all.filed.sort_by_key(|filed| filed.dossier);
    Ok(all)
}

async fn file(
    lines: Lines,
    mix: Mix,
    next: Arc<AtomicUsize>,
    count: usize,
) -> anyhow::Result<(Vec<Filed>, Done)> {
    let (mut filed, mut done) = (Vec::new(), Done::default());
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= count {
            return Ok((filed, done));
        }
        let (mut life, wanted) = match mix {
            Mix::Timers => (Life::birth(number, mix.office(number)), SUBMITTED),
            Mix::Lives | Mix::HotOffice | Mix::OneDossier | Mix::Reads | Mix::Worklists => {
                let life = Life::new(number, mix.office(number));
                let wanted = acts(number, life.acts());
                (life, wanted)
            }
        };
        bring(&mut life, wanted, &lines, &mut done).await?;
        done.lives += u64::from(life.next().is_none());
        filed.push(Filed::of(&life));
    }
}

/// Carries out so many acts of a life.
///
/// # Errors
/// One of them is refused.
pub(super) async fn bring(
    life: &mut Life,
    acts: usize,
    lines: &Lines,
    done: &mut Done,
) -> anyhow::Result<()> {
    while life.done() < acts
        && let Some(act) = life.next()
    {
        if !carry_out(life, act, lines, done, Instant::now()).await {
            bail!("{} was refused: {:?}", act.name(), done.refusals.keys());
        }
        life.advance();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_dossiers_wait_to_be_received() {
        let given: Vec<_> = (0..20).map(|number| acts(number, 10)).collect();
        assert_eq!(given.iter().filter(|acts| **acts == 1).count(), 16);
        assert_eq!(given.iter().filter(|acts| **acts == 10).count(), 2);
    }
}
