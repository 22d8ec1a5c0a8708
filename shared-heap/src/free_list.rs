//! The free list of a slab, kept in its owner words: pure logic over a table of words.
//!
//! An owner word says one of four things: the slot's live object has an owner (below [`FREE`]), the slot is *free* and
//! links to the next free slot, it is *cached* (free, in a CPU's cache), or it lies under the slab's head. So a slab
//! spends no memory on its free list, and the bytes of a free slot are never touched.

/// The bit that marks a word as free. The low bits are the index of the next free slot.
pub const FREE: u32 = 1 << 31;
/// The free word that ends the list.
pub const END: u32 = FREE | 0x00FF_FFFF;
/// The word of a free slot that a CPU's cache holds.
pub const CACHED: u32 = FREE | 0x0100_0000;
/// The word of a slot under the slab's head, which is never allocated.
pub const HEAD: u32 = FREE | 0x0200_0000;
/// The bit that is set beside the owner of a capability when the heap quiesces it, before the capability is released.
pub const QUIESCED: u32 = 1 << 30;
/// The bit that marks a live object as a member of a group, whose owner is the object's owner. The low bits are the
/// group's number.
pub const GROUPED: u32 = 1 << 29;

/// A table of words. The slabs and the table of groups implement it with atomics.
pub trait Words {
    /// Returns the word at `index`.
    fn get(&self, index: usize) -> u32;
    /// Sets the word at `index`.
    fn set(&self, index: usize, word: u32);
}

/// Whether a word says that its slot holds a live object.
#[inline]
#[must_use]
pub const fn is_live(word: u32) -> bool {
    word & FREE == 0
}

/// Whether a live object's word names a group.
#[inline]
#[must_use]
pub const fn is_grouped(word: u32) -> bool {
    word & (FREE | GROUPED) == GROUPED
}

/// Returns the number of the group that a live object's word names, if it names one.
#[inline]
#[must_use]
pub const fn group_of(word: u32) -> Option<u32> {
    if is_grouped(word) {
        Some(word & 0x00FF_FFFF)
    } else {
        None
    }
}

/// Links the slots `first..positions` into a list in ascending order, and marks the slots before `first` as [`HEAD`].
/// Returns the head of the list.
pub fn link_all(words: &impl Words, first: usize, positions: usize) -> u32 {
    let mut index = 0;
    while index < first {
        words.set(index, HEAD);
        index = index.strict_add(1);
    }
    while index < positions {
        let next = index.strict_add(1);
        words.set(
            index,
            if next < positions {
                FREE | next as u32
            } else {
                END
            },
        );
        index = next;
    }
    if first < positions {
        FREE | first as u32
    } else {
        END
    }
}

/// Takes the first slot off the list `head` and marks it as [`CACHED`]. Returns the slot and the new head.
pub fn pop(words: &impl Words, head: u32) -> Option<(usize, u32)> {
    if head == END {
        return None;
    }
    let slot = (head & !FREE) as usize;
    let next = words.get(slot);
    words.set(slot, CACHED);
    Some((slot, next))
}

/// Puts `slot` at the front of the list `head`. Returns the new head.
pub fn push(words: &impl Words, head: u32, slot: usize) -> u32 {
    words.set(slot, head);
    FREE | slot as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::RefCell;

    struct Table(RefCell<[u32; 8]>);
    impl Words for Table {
        fn get(&self, index: usize) -> u32 {
            self.0.borrow()[index]
        }
        fn set(&self, index: usize, word: u32) {
            self.0.borrow_mut()[index] = word;
        }
    }

    #[test]
    fn all_slots_come_out_once_and_go_back() {
        let table = Table(RefCell::new([0; 8]));
        let mut head = link_all(&table, 3, 8);
        let mut seen = [false; 8];
        while let Some((slot, next)) = pop(&table, head) {
            assert!(slot >= 3 && !seen[slot]);
            assert_eq!(table.get(slot), CACHED);
            seen[slot] = true;
            head = next;
        }
        assert_eq!(seen, [false, false, false, true, true, true, true, true]);
        for slot in [5, 3, 7] {
            head = push(&table, head, slot);
        }
        let mut out = [0; 3];
        for place in &mut out {
            let (slot, next) = pop(&table, head).unwrap();
            *place = slot;
            head = next;
        }
        assert_eq!(out, [7, 3, 5]);
        assert_eq!(pop(&table, head), None);
    }

    #[test]
    fn free_list_marks_are_distinct() {
        for mark in [END, CACHED, HEAD, FREE | 4095] {
            assert!(!is_live(mark));
        }
        assert_ne!(END, CACHED);
        assert_ne!(END, HEAD);
        assert_ne!(CACHED, HEAD);
        assert!(is_live(0) && is_live(255) && is_live(255 | QUIESCED));
        assert!(is_live(GROUPED | 7));
        assert_eq!(group_of(GROUPED | 7), Some(7));
        for word in [0, 255, 255 | QUIESCED, END, CACHED, HEAD, FREE | GROUPED] {
            assert_eq!(group_of(word), None);
        }
    }
}
