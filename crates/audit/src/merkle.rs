//! Merkle tree hashes (RFC 6962 section 2.1).

use sha2::{Digest, Sha256};

use crate::Hash;

/// `H(0x00 || entry)`, the hash of one entry.
pub fn leaf(entry: &[u8]) -> Hash {
    match entry.as_array::<32>() {
        // Most entries are hashes; at once they take half the time.
        Some(hash) => {
            let mut input = [0; 33];
            input[1..].copy_from_slice(hash);
            Hash(Sha256::digest(input).into())
        }
        None => Hash(Sha256::new().chain_update([0]).chain_update(entry).finalize().into()),
    }
}

/// `H(0x01 || left || right)`, the hash of an inner node.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut input = [1; 65];
    input[1..33].copy_from_slice(&left.0);
    input[33..].copy_from_slice(&right.0);
    Hash(Sha256::digest(input).into())
}

/// The Merkle tree hash of a list of entries; `H("")` for the empty list.
///
/// Keeps one hash for each complete subtree, largest first: as many as the count has one bits.
pub fn mth<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Hash {
    let mut subtrees: Vec<Hash> = Vec::with_capacity(16);
    for (count, entry) in entries.into_iter().enumerate() {
        let mut hash = leaf(entry);
        for _ in 0..count.trailing_ones() {
            let left = subtrees.pop().expect("each one bit of the count is a subtree");
            hash = node(&left, &hash);
        }
        subtrees.push(hash);
    }
    let joined = subtrees.into_iter().rev().reduce(|right, left| node(&left, &right));
    joined.unwrap_or_else(|| Hash(Sha256::digest(b"").into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 6962 2.1 to the letter: split at the largest power of two below the count.
    fn model(entries: &[Vec<u8>]) -> Hash {
        match entries {
            [] => Hash(Sha256::digest(b"").into()),
            [one] => leaf(one),
            many => {
                let split = many.len().next_power_of_two() / 2;
                node(&model(&many[..split]), &model(&many[split..]))
            }
        }
    }

    fn any_entry() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(any::<u8>(), 0..4)
    }

    fn root(entries: &[Vec<u8>]) -> Hash {
        mth(entries.iter().map(Vec::as_slice))
    }

    #[test]
    fn a_leaf_is_the_hash_of_a_zero_and_the_entry_whatever_its_length() {
        for length in [0, 1, 31, 32, 33, 64] {
            let entry = vec![7; length];
            let whole: Vec<u8> = std::iter::once(0).chain(entry.iter().copied()).collect();
            assert_eq!(leaf(&entry), Hash(Sha256::digest(&whole).into()), "{length}");
        }
    }

    proptest! {
        #[test]
        fn the_tree_hash_equals_the_recursive_definition(
            entries in proptest::collection::vec(any_entry(), 0..70)
        ) {
            prop_assert_eq!(root(&entries), model(&entries));
        }
    }
}
