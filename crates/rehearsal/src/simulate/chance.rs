//! Chance that comes from a seed: the same seed, the same lives.

/// A stream of numbers (SplitMix64): not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The chance of one life among many.
    pub(crate) fn of_life(seed: u64, life: u32) -> Self {
        let mut mixed = Self(seed ^ (u64::from(life) << 32));
        Self(mixed.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// A number between two, both included.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = most.saturating_sub(least).max(0).cast_unsigned();
        least.saturating_add(self.below(span.saturating_add(1)).cast_signed())
    }

    /// Whether something happens that happens so often of a hundred times.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of a list.
    pub(crate) fn pick<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        let index = usize::try_from(self.below(list.len() as u64)).ok()?;
        list.get(index)
    }

    /// The places of a list in random order, those of more weight rather first.
    pub(crate) fn order(&mut self, weights: &[u64]) -> Vec<usize> {
        let mut left: Vec<usize> = (0..weights.len()).collect();
        let mut order = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let total: u64 = left.iter().map(|index| weights[*index].max(1)).sum();
            let mut mark = self.below(total);
            let falls = |index: &usize| {
                let weight = weights[*index].max(1);
                let here = mark < weight;
                mark = mark.saturating_sub(weight);
                here
            };
            let at = left.iter().position(falls).unwrap_or(0);
            order.push(left.remove(at));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_and_another_life_others() {
        let numbers = |life| {
            let mut chance = Chance::of_life(7, life);
            (0..5).map(|_| chance.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
    }

    #[test]
    fn an_order_holds_every_place_once() {
        let mut order = Chance::of_life(1, 1).order(&[5, 0, 100, 1]);
        order.sort_unstable();
        assert_eq!(order, [0, 1, 2, 3]);
    }
}
