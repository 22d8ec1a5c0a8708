//! Buffers that are moved into transfers and come back, or are lent for a scope.

use samara_device_io::dma::{BeginError, FinishError, LendError, Refused};
use samara_device_io::{DmaTransfer, PciFunction};
use samara_rref::RRef;

use super::{Hand, Pinned, Plan, data};
use crate::coverage::{Milestone, note};
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

/// Returns a buffer that the driver has, or a new one.
fn buffer(hand: &Hand<'_>, numbers: &mut Numbers) -> Option<RRef<[u8]>> {
    let kept = hand.driver.buffer().filter(|_| !numbers.one_in(3));
    kept.or_else(|| {
        let sizes = [
            0, 1, 512, 520, 4096, 4096, 8192, 8192, 12_288, 16_384, 16_384, 65_536, 131_072,
            270_336, 520_192,
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
                note(Milestone::BuffersBegun);
                hand.law(
                    call!(DmaTransfer::len, &transfer) == bytes
                        && !call!(DmaTransfer::is_empty, &transfer),
                    "a transfer reports another length than its buffer's",
                );
                traits!(&transfer, DmaTransfer: Debug);
                let moved = Moved::new(transfer, holder, start);
                // If no place is free, a transfer is dropped here, this one or an older one. Its buffer stays pinned
                // until the claim ends.
                drop(hand.driver.moved.put(numbers, moved));
            }
            Err(error) => {
                traits!(&error, BeginError: Debug, Display);
                traits!(&error.reason, Refused: Debug, Display, Clone, Eq);
                drop(offer);
                hand.law(
                    start_of(&error.buffer) == start,
                    "the buffer that was given back is not the refused one",
                );
                hand.driver.keep_buffer(error.buffer);
            }
        }
    });
}

fn finish<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    let current = hand.current::<D>(numbers);
    let is_current = |it: &Moved| Some(it.about.holder) == current;
    let Some(mut place) = hand.driver.moved.mostly(numbers, is_current) else {
        return;
    };
    let mut kept = place.take();
    let wanted = kept.as_ref().map(|it| it.about.holder);
    hand.with::<D, _>(numbers, wanted, |function, holder, _| {
        let Some(Moved { transfer, about }) = kept.take() else {
            return;
        };
        let is_own = holder == about.holder;
        let epoch = call!(PciFunction::<D>::epoch, function);
        let is_idle = about.put != Some(epoch);
        match call!(PciFunction::<D>::finish, function, transfer) {
            Ok(buffer) => {
                hand.law(is_own, "a transfer was finished through another claim");
                hand.law(
                    start_of(&buffer) == about.start,
                    "the buffer that came back is not the one that was moved in",
                );
                data::look(hand, &about, &buffer);
                ledger::back(holder, start_of(&buffer));
                note(Milestone::BuffersFinished);
                hand.driver.keep_buffer(buffer);
            }
            Err(error) => {
                traits!(&error, FinishError: Debug, Display);
                hand.law_alone(
                    !is_own || !is_idle,
                    "an idle transfer could not be finished",
                );
                let transfer = error.transfer;
                kept = Some(Moved { transfer, about });
            }
        }
    });
    *place = kept;
}

/// Drops a transfer, or forgets it (`mem::forget`). In both cases its buffer stays pinned until the claim ends.
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
            let scope = |transfer: &DmaTransfer| scope::<D>(hand, &mut within, transfer, holder);
            call!(PciFunction::<D>::lend, function, &buffer, scope)
        });
        drop(loan);
        if let Some(Err(error)) = lent {
            traits!(&error, LendError<()>: Debug, Display);
        }
    });
    hand.driver.keep_buffer(buffer);
}

/// Takes some steps while a buffer is lent.
fn scope<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers, transfer: &DmaTransfer, holder: Holder) {
    note(Milestone::Loans);
    let pinned = Pinned { transfer, holder };
    // The steps mostly use devices of the kind of the device that has the buffer.
    let kinds = match numbers.one_in(6) {
        true => hand.plan.kinds,
        false => 1 << D::NUMBER,
    };
    let inner = Hand {
        pinned: Some(pinned),
        plan: Plan { kinds, ..hand.plan },
        focus: Some(holder.device % 2).filter(|_| !numbers.one_in(4)),
        ..*hand
    };
    for _ in 0..=numbers.below(5) {
        inner.inside(numbers);
    }
    inner.stumble(numbers);
}
