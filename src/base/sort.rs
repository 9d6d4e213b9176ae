//! Sorts without a copy of the sorting algorithm for each type.
//!
//! The standard library's sort is compiled anew, about 6 KB, for each type and comparison. The lists here are short and
//! there are over a hundred of them: one algorithm that orders positions serves all, at the price of an indirect call for
//! each comparison.

use std::cmp::Ordering;

/// Stable sorts of short lists.
pub trait SmallSort<T> {
    /// Sorts by a comparison.
    fn arrange_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key.
    fn arrange_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.arrange_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Sorts ascending.
    fn arrange(&mut self)
    where
        T: Ord,
    {
        self.arrange_by(Ord::cmp);
    }
}

impl<T> SmallSort<T> for [T] {
    fn arrange_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let order = order(self.len(), &mut |a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        rearrange(order, &mut |a, b| self.swap(a, b));
    }
}

/// The positions of `count` elements in ascending order.
#[inline(never)]
fn order(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| compare(*a, *b));
    order
}

/// Moves the element at `order[place]` to each `place` by swaps along the cycles of the permutation.
#[inline(never)]
fn rearrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut place = start;
        while let Some(source) = order.get_mut(place).map(|source| std::mem::replace(source, place)) {
            if source == start {
                break;
            }
            swap(place, source);
            place = source;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_stable_sort(list in proptest::collection::vec((0u8..20, any::<u8>()), 0..60)) {
            let (mut ours, mut standard) = (list.clone(), list);
            ours.arrange_by_key(|(key, _)| *key);
            standard.sort_by_key(|(key, _)| *key);
            prop_assert_eq!(&ours, &standard);
            ours.arrange_by(|a, b| b.cmp(a));
            standard.sort_by(|a, b| b.cmp(a));
            prop_assert_eq!(&ours, &standard);
            ours.arrange();
            standard.sort();
            prop_assert_eq!(ours, standard);
        }
    }
}
