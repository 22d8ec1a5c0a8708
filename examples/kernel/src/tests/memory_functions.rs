//! Compares `memcpy` and the other memory functions with plain loops, at odd sizes, alignments and overlaps.

use core::hint::black_box;

use super::kernel_tests;

const SIZE: usize = 160;
const LENGTHS: [usize; 16] = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100];

unsafe extern "C" {
    fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8;
    fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8;
    fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8;
    fn memcmp(a: *const u8, b: *const u8, count: usize) -> i32;
    fn bcmp(a: *const u8, b: *const u8, count: usize) -> i32;
}

fn pattern() -> [u8; SIZE] {
    core::array::from_fn(|index| (index as u8).wrapping_mul(37).wrapping_add(11))
}

/// Returns the contents that `bytes` must have after a copy of `count` bytes from `from` to `to`.
fn copied(bytes: &[u8; SIZE], to: usize, from: usize, count: usize) -> [u8; SIZE] {
    core::array::from_fn(|index| match index.checked_sub(to) {
        Some(offset) if offset < count => bytes[from + offset],
        _ => bytes[index],
    })
}

kernel_tests! {
    fn copies_at_any_alignment() {
        let source = pattern();
        for count in LENGTHS {
            for (to, from) in (0..9).flat_map(|to| (0..9).map(move |from| (to, from))) {
                let mut target = [0xee; SIZE];
                let pointer = target[to..].as_mut_ptr();
                let origin = source[from..].as_ptr();
                // SAFETY: the copy reaches at most 108 of the 160 bytes of each of two buffers.
                let returned = unsafe { memcpy(pointer, origin, black_box(count)) };
                assert_eq!(returned, pointer);
                for (index, byte) in target.iter().enumerate() {
                    let inside = (to..to + count).contains(&index);
                    let expected = if inside { source[index - to + from] } else { 0xee };
                    assert_eq!(*byte, expected, "{count} bytes from {from} to {to}, at {index}");
                }
            }
        }
    }

    fn moves_across_any_overlap() {
        for count in LENGTHS {
            let origins = [0, 1, 7, 8, 9, 20, 39];
            for (to, from) in (0..40).flat_map(|to| origins.map(|from| (to, from))) {
                let mut bytes = pattern();
                let expected = copied(&bytes, to, from, count);
                let base = bytes.as_mut_ptr();
                let (target, origin) = (base.wrapping_add(to), base.wrapping_add(from));
                // SAFETY: both regions lie in the first 139 of the buffer's 160 bytes.
                let returned = unsafe { memmove(target, origin, black_box(count)) };
                assert_eq!(returned, target);
                assert_eq!(bytes, expected, "{count} bytes from {from} to {to}");
            }
        }
    }

    fn fills_exactly() {
        for count in LENGTHS {
            for offset in 0..9 {
                let mut bytes = [0xee; SIZE];
                let pointer = bytes[offset..].as_mut_ptr();
                // SAFETY: the fill reaches at most 108 of the buffer's 160 bytes. Only the low byte of the value
                // counts.
                let returned = unsafe { memset(pointer, black_box(0x1a5), black_box(count)) };
                assert_eq!(returned, pointer);
                for (index, byte) in bytes.iter().enumerate() {
                    let inside = (offset..offset + count).contains(&index);
                    assert_eq!(*byte, if inside { 0xa5 } else { 0xee });
                }
            }
        }
    }

    fn compares_as_unsigned_bytes() {
        for count in LENGTHS {
            let a = pattern();
            for difference in 0..count {
                let mut b = a;
                b[difference] = a[difference].wrapping_add(0x80);
                // The bytes after the first difference must not matter.
                b[difference + 1..].fill(0);
                let sign = i32::from(a[difference]) - i32::from(b[difference]);
                // SAFETY: the comparison reaches at most 100 of the 160 bytes of each buffer.
                let compared = unsafe { memcmp(a.as_ptr(), b.as_ptr(), black_box(count)) };
                assert_eq!(compared.signum(), sign.signum());
                // SAFETY: as above.
                assert_ne!(unsafe { bcmp(a.as_ptr(), b.as_ptr(), black_box(count)) }, 0);
            }
            let b = a;
            // SAFETY: as above.
            assert_eq!(unsafe { memcmp(a.as_ptr(), b.as_ptr(), black_box(count)) }, 0);
            // SAFETY: as above.
            assert_eq!(unsafe { bcmp(a.as_ptr(), b.as_ptr(), black_box(count)) }, 0);
        }
    }
}
