//! Rings, virtqueues and pairs.

use super::*;

refused! {
    odd_rings: "a ring's number of entries is not a power of two, or is below 8",
    { QUEUES = &[Queue { entries: (4, 16), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (8, 20), ..ring(RING) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (12, 16), ..ring(RING) }]; COMMANDS = &[]; }

    odd_buffers: "a buffer's length is 0 or does not fit 16 bits",
    { QUEUES = &[ring(RingFormat { bytes: (0, 1), ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { bytes: (2, 1), ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { bytes: (1, 0x1_0000), ..RING })]; COMMANDS = &[]; }

    lengths_past_the_descriptor: "a length past the descriptor",
    { QUEUES = &[ring(RingFormat { lengths: &[0, 49], ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { written: 49, ..RING })]; COMMANDS = &[]; }

    done_from_the_start: "descriptors that look done from the start",
    { QUEUES = &[ring(RingFormat { done: 0, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { done: 1 << 16, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { done: 1 << 15, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { report: 1 << 63, ..RING })]; COMMANDS = &[]; }

    bits_filled_twice: "two parts of a format in one bit",
    // The device is told of 1 KiB more than the buffer has.
    { QUEUES = &[ring(RingFormat { fixed: 1 << 10, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { report: 1 << 10, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { report: 1 << 16, ..RING })]; COMMANDS = &[]; }
    { QUEUES = &[ring(RingFormat { lengths: &[0, 8], fixed: 0, ..RING })]; COMMANDS = &[]; }

    // The count of bytes written shares bits with the done bit.
    { QUEUES = &[ring(RingFormat { direction: Direction::ToHost, bytes: (64, 64), lengths: &[], written: 48, ..RING })]; COMMANDS = &[]; }

    odd_virtqueues: "pieces of more than 16 bytes, or entries that are no power of two",
    { QUEUES = &[split(SplitFormat { head: Piece { bytes: 17, ..SPLIT.head }, ..SPLIT })]; COMMANDS = &[]; }
    { QUEUES = &[split(SplitFormat { tail: Piece { bytes: 17, ..SPLIT.tail }, ..SPLIT })]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (4, 20), ..split(SPLIT) }]; COMMANDS = &[]; }
    { QUEUES = &[Queue { entries: (3, 16), ..split(SPLIT) }]; COMMANDS = &[]; }

    words_filled_twice: "two parts of a format in one word",
    { QUEUES = &[pair(&PairFormat { words: [1, 1, 11, 12, 13, 14, 15], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { words: [0, 10, 11, 12, 13, 14, 15], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { words: [1, 10, 11, 12, 13, 14, 16], ..PAIR })]; COMMANDS = &[]; }
    // A driver fills the upper half of a data pointer.
    { QUEUES = &[pair(&PairFormat { words: [7, 10, 11, 12, 13, 14, 15], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { pointers: [6, 6], ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { pointers: [0, 8], ..PAIR })]; COMMANDS = &[]; }

    a_misaligned_pointer: "a misaligned data pointer",
    { QUEUES = &[pair(&PairFormat { pointers: [5, 8], ..PAIR })]; COMMANDS = &[]; }

    bits_past_their_word: "bits past their word",
    { QUEUES = &[pair(&PairFormat { opcode: Bits::new(0, 25, 8), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { opcode: Bits::new(0, 0, 0), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { tag: Bits::new(0, 17, 16), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { phase: Bits::new(4, 16, 1), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { done_tag: Bits::new(4, 0, 16), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { status: Bits::new(3, 18, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { number: Bits::new(2, 0, 33), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { head: Bits::new(9, 0, 16), ..PAIR })]; COMMANDS = &[]; }

    odd_tags: "a tag is not 16 bits wide, or a phase is not one bit",
    { QUEUES = &[pair(&PairFormat { tag: Bits::new(0, 16, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { done_tag: Bits::new(3, 0, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { phase: Bits::new(3, 16, 2), ..PAIR })]; COMMANDS = &[]; }

    a_tag_in_the_operation_code: "a tag in the operation code",
    { QUEUES = &[pair(&PairFormat { tag: Bits::new(0, 7, 16), ..PAIR })]; COMMANDS = &[]; }

    completions_that_say_two_things: "two parts of a completion in one bit",
    { QUEUES = &[pair(&PairFormat { phase: Bits::new(3, 15, 1), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { status: Bits::new(3, 16, 15), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { number: Bits::new(2, 15, 16), ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { result: 2, ..PAIR })]; COMMANDS = &[]; }

    numbers_without_room: "completions without room for their queue's number",
    { QUEUES = &[ADMIN, Queue { start: &[], numbers: (1, 4), ..pair(&NARROW) }]; }

    a_result_past_the_completion: "a result past the completion",
    { QUEUES = &[pair(&PairFormat { result: 4, ..PAIR })]; COMMANDS = &[]; }

    odd_pages: "pages of fewer than 512 or more than 4096 bytes",
    { QUEUES = &[pair(&PairFormat { page: 256, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { page: 8192, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { page: 4095, ..PAIR })]; COMMANDS = &[]; }

    odd_lists: "lists that do not divide a page",
    { QUEUES = &[pair(&PairFormat { list: 48, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { list: 1, ..PAIR })]; COMMANDS = &[]; }
    { QUEUES = &[pair(&PairFormat { list: 1024, ..PAIR })]; COMMANDS = &[]; }
}
