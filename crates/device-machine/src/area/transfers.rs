//! Buffers that move in and come back, or are lent for a scope.

use samara_device_io::dma::{BeginError, FinishError, LendError, Refused};
use samara_device_io::{PciFunction, Transfer};
use samara_rref::RRef;

use super::{Hand, Pinned};
use crate::driver::{Kind, Moved};
use crate::ledger::{self, Holder, Loan, Offer};
use crate::step::Numbers;
use crate::surface::{call, traits};

pub(super) fn step<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    match numbers.below(16) {
        0..6 => begin::<D>(hand, numbers),
        6..11 => finish::<D>(hand, numbers),
        11..15 => lend::<D>(hand, numbers),
        _ => leave(hand, numbers),
    }
}

/// A buffer that the driver has, or a new one.
fn buffer(hand: &Hand<'_>, numbers: &mut Numbers) -> Option<RRef<[u8]>> {
    let kept = hand.driver.buffer().filter(|_| !numbers.one_in(3));
    kept.or_else(|| {
        let sizes = [
            0, 1, 16, 512, 512, 520, 4096, 4096, 8192, 8192, 12_288, 65_536, 131_072, 270_336,
        ];
        RRef::new_zeroed_slice(numbers.of_these(&sizes)).ok()
    })
}

fn start_of(buffer: &RRef<[u8]>) -> usize {
    buffer.as_ptr().addr()
}

pub(super) fn begin<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    let Some(buffer) = buffer(hand, numbers) else {
        return;
    };
    hand.with::<D, _>(numbers, None, |function, holder, numbers| {
        let (start, bytes) = (start_of(&buffer), buffer.len());
        let offer = Offer::new(holder, start, bytes);
        match call!(PciFunction::<D>::begin, function, buffer) {
            Ok(transfer) => {
                offer.taken();
                hand.law(
                    call!(Transfer::len, &transfer) == bytes
                        && !call!(Transfer::is_empty, &transfer),
                    "a transfer has another length than its buffer",
                );
                traits!(&transfer, Transfer: Debug);
                let moved = Moved {
                    transfer,
                    holder,
                    start,
                    put: None,
                };
                // One whose place is taken is dropped: it stays pinned.
                drop(hand.driver.moved.put(numbers, moved));
            }
            Err(error) => {
                traits!(&error, BeginError: Debug, Display);
                traits!(&error.reason, Refused: Debug, Display, Clone, Eq);
                drop(offer);
                hand.law(
                    start_of(&error.buffer) == start,
                    "another buffer is given back than was refused",
                );
                hand.driver.keep_buffer(error.buffer);
            }
        }
    });
}

fn finish<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    let Some(mut place) = hand.driver.moved.any(numbers) else {
        return;
    };
    let Some(moved) = place.take() else { return };
    let mut kept = Some(moved);
    hand.with::<D, _>(
        numbers,
        kept.as_ref().map(|it| it.holder),
        |function, holder, _| {
            let Some(moved) = kept.take() else { return };
            let epoch = call!(PciFunction::<D>::epoch, function);
            let is_idle = moved.put != Some(epoch);
            match call!(PciFunction::<D>::finish, function, moved.transfer) {
                Ok(buffer) => {
                    hand.law(
                        holder == moved.holder,
                        "a transfer was finished by another claim",
                    );
                    hand.law(
                        start_of(&buffer) == moved.start,
                        "another buffer came out than went in",
                    );
                    ledger::back(holder, start_of(&buffer));
                    hand.driver.keep_buffer(buffer);
                }
                Err(error) => {
                    traits!(&error, FinishError: Debug, Display);
                    hand.law_alone(
                        holder != moved.holder || !is_idle,
                        "a transfer of which nothing is in flight is not finished",
                    );
                    kept = Some(Moved {
                        transfer: error.transfer,
                        ..moved
                    });
                }
            }
        },
    );
    *place = kept;
}

/// Drops a transfer, or forgets it: its buffer stays where it is until the claim ends.
fn leave(hand: &Hand<'_>, numbers: &mut Numbers) {
    if let Some(moved) = hand.driver.moved.take(numbers)
        && numbers.one_in(2)
    {
        std::mem::forget(moved);
    }
}

pub(super) fn lend<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    let Some(buffer) = buffer(hand, numbers) else {
        return;
    };
    hand.with::<D, _>(numbers, None, |function, holder, numbers| {
        let loan = Loan::new(holder, start_of(&buffer), buffer.len());
        let mut within = numbers.fork();
        let lent = hand.caught(|| {
            let scope = |transfer: &Transfer| scope(hand, &mut within, transfer, holder);
            call!(PciFunction::<D>::lend, function, &buffer, scope)
        });
        drop(loan);
        match lent {
            Some(Err(error)) => {
                traits!(&error, LendError<()>: Debug, Display);
            }
            Some(Ok(())) | None => {}
        }
    });
    hand.driver.keep_buffer(buffer);
}

/// What is done while a buffer is lent.
fn scope(hand: &Hand<'_>, numbers: &mut Numbers, transfer: &Transfer, holder: Holder) {
    let pinned = Pinned { transfer, holder };
    let inner = Hand {
        pinned: Some(pinned),
        ..*hand
    };
    for _ in 0..=numbers.below(5) {
        inner.inside(numbers);
    }
    inner.stumble(numbers);
}
