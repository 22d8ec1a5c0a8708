//! Checks descriptors and entries: only one part of a format may fill each bit.

use crate::table::Direction;
use crate::table::queue::{Bits, Format, Queue};

pub(super) const fn format(queue: &Queue) {
    match &queue.format {
        Format::Ring(ring) => {
            assert!(
                queue.entries.0 >= 8
                    && queue.entries.0.is_power_of_two()
                    && queue.entries.1.is_power_of_two(),
                "a ring's number of entries is not a power of two, or is below 8"
            );
            assert!(
                ring.bytes.0 > 0 && ring.bytes.0 <= ring.bytes.1 && ring.bytes.1 <= 0xFFFF,
                "a buffer's length is 0 or does not fit 16 bits"
            );
            let mut filled = ring.fixed | ring.report;
            let mut is_twice = ring.fixed & ring.report != 0;
            let mut field = 0;
            while field < ring.lengths.len() {
                assert!(ring.lengths[field] <= 48, "a length past the descriptor");
                let bits = 0xFFFF << ring.lengths[field];
                is_twice |= filled & bits != 0;
                filled |= bits;
                field += 1;
            }
            assert!(
                ring.done != 0 && filled & ring.done == 0,
                "descriptors that look done from the start"
            );
            assert!(ring.written <= 48, "a length past the descriptor");
            is_twice |= matches!(ring.direction, Direction::ToHost)
                && ring.done & 0xFFFF << ring.written != 0;
            assert!(!is_twice, "two parts of a format in one bit");
        }
        Format::Split(split) => assert!(
            split.head.bytes <= 16
                && split.tail.bytes <= 16
                && queue.entries.0.is_power_of_two()
                && queue.entries.1.is_power_of_two(),
            "pieces of more than 16 bytes, or entries that are no power of two"
        ),
        Format::Pair(pair) => {
            let words = [pair.opcode.word, pair.tag.word];
            let mut filled = [0u8; 16];
            filled[words[0]] = 1;
            filled[words[1]] = 1;
            let mut at = 0;
            while at < pair.words.len() {
                fill(&mut filled, pair.words[at]);
                at += 1;
            }
            fill(&mut filled, pair.pointers[0]);
            fill(&mut filled, pair.pointers[0] + 1);
            fill(&mut filled, pair.pointers[1]);
            fill(&mut filled, pair.pointers[1] + 1);
            assert!(
                pair.pointers[0].is_multiple_of(2) && pair.pointers[1].is_multiple_of(2),
                "a misaligned data pointer"
            );
            bits(&pair.opcode, 16);
            bits(&pair.tag, 16);
            assert!(
                pair.tag.bits == 16 && pair.done_tag.bits == 16 && pair.phase.bits == 1,
                "a tag is not 16 bits wide, or a phase is not one bit"
            );
            let completion = [
                &pair.phase,
                &pair.done_tag,
                &pair.status,
                &pair.number,
                &pair.head,
            ];
            assert!(pair.result < 4, "a result past the completion");
            let mut filled = [0; 4];
            filled[pair.result] = u32::MAX;
            let (mut field, mut is_twice) = (0, false);
            while field < completion.len() {
                bits(completion[field], 4);
                let (word, mask) = (completion[field].word, completion[field].mask());
                is_twice |= filled[word] & mask != 0;
                filled[word] |= mask;
                field += 1;
            }
            assert!(!is_twice, "two parts of a completion in one bit");
            assert!(
                queue.numbers.1 as u32 <= pair.number.mask() >> pair.number.shift,
                "completions without room for their queue's number"
            );
            assert!(
                pair.opcode.word != pair.tag.word || pair.opcode.mask() & pair.tag.mask() == 0,
                "a tag in the operation code"
            );
            assert!(
                pair.page.is_power_of_two() && pair.page >= 512 && pair.page <= 4096,
                "pages of fewer than 512 or more than 4096 bytes"
            );
            assert!(
                pair.list.is_power_of_two() && pair.list >= 2 && pair.list * 8 <= pair.page,
                "lists that do not divide a page"
            );
        }
    }
}

const fn fill(filled: &mut [u8; 16], word: usize) {
    assert!(
        word < 16 && filled[word] == 0,
        "two parts of a format in one word"
    );
    filled[word] = 1;
}

pub(super) const fn bits(bits: &Bits, words: usize) {
    assert!(
        bits.word < words && bits.bits > 0 && bits.bits <= 32 && bits.shift <= 32 - bits.bits,
        "bits past their word"
    );
}
