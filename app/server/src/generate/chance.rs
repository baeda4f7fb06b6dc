//! Chance that repeats itself: the same seed and number give the same person on every machine and in every year,
//! which a library's generator does not promise across versions.

use uuid::Uuid;

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The chance of the thing `number` under a seed.
    pub fn of(seed: u64, number: u64) -> Chance {
        let mut chance = Chance(seed ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03));
        chance.next();
        chance
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `limit`; 0 when there is no room.
    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }

    /// True in so many cases of a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Near `mean`, seldom beyond two `spread`s: three throws added.
    pub fn around(&mut self, mean: f64, spread: f64) -> f64 {
        let thrown: f64 = (0..3).map(|_| (self.next() >> 11) as f64 / (1u64 << 53) as f64).sum();
        mean + (thrown - 1.5) * 2.0 * spread
    }

    pub fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[self.below(things.len() as u64) as usize]
    }

    /// One of some words.
    pub fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len() as u64) as usize]
    }

    /// A UUIDv7 of an instant.
    pub fn id(&mut self, at_ms: i64) -> Uuid {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        random[8..].copy_from_slice(&self.next().to_be_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(at_ms.max(0) as u64, &random).into_uuid()
    }
}

/// Things of which some come more often than others.
#[derive(Clone, Debug)]
pub struct Weighted<T> {
    things: Vec<T>,
    /// Sum of the weights up to and including each thing.
    up_to: Vec<f64>,
}

impl<T> Weighted<T> {
    /// Refuses (panics) an empty list: a catalogue without rows is a broken build.
    pub fn new(things: impl IntoIterator<Item = (T, f64)>) -> Weighted<T> {
        let mut total = 0.0;
        let (things, up_to): (Vec<T>, Vec<f64>) = things
            .into_iter()
            .filter(|(_, weight)| *weight > 0.0)
            .map(|(thing, weight)| {
                total += weight;
                (thing, total)
            })
            .unzip();
        assert!(!things.is_empty(), "nothing to choose from");
        Weighted { things, up_to }
    }

    pub fn pick(&self, chance: &mut Chance) -> &T {
        let total = self.up_to.last().copied().unwrap_or_default();
        let thrown = (chance.next() >> 11) as f64 / (1u64 << 53) as f64 * total;
        let at = self.up_to.partition_point(|sum| *sum <= thrown);
        &self.things[at.min(self.things.len() - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throw = |seed, number| Chance::of(seed, number).next();
        assert_eq!(throw(1, 2), throw(1, 2));
        assert_ne!(throw(1, 2), throw(1, 3));
        assert_ne!(throw(1, 2), throw(2, 2));
    }

    #[test]
    fn weights_are_kept() {
        let weighted = Weighted::new([("often", 90.0), ("seldom", 10.0), ("never", 0.0)]);
        let mut chance = Chance::of(7, 7);
        let often = (0..10_000).filter(|_| *weighted.pick(&mut chance) == "often").count();
        assert!((8_800..9_200).contains(&often), "{often}");
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut chance = Chance::of(3, 3);
        for _ in 0..1_000 {
            assert!((-5..=5).contains(&chance.between(-5, 5)));
            assert!(chance.below(3) < 3);
            assert_eq!(chance.below(0), 0);
        }
        let id = chance.id(1_700_000_000_000);
        assert_eq!(id.get_version_num(), 7);
    }
}
