//! Steps with registers: reads and writes of all registers that the table lists, with any values.

use samara_device_io::PciFunction;
use samara_device_io::mmio::{Readable, Register, Value, Writable, WriteError};
use samara_device_io::table::Table;

use super::Hand;
use crate::driver::Kind;
use crate::ledger;
use crate::listed_registers::{Narrow, Touch};
use crate::step::Numbers;
use crate::surface::{call, traits};

pub(super) fn step<D: Kind>(hand: &Hand<'_>, numbers: &mut Numbers) {
    hand.with::<D, _>(numbers, None, |function, _, numbers| {
        for _ in 0..=numbers.below(3) {
            let listed = D::listed();
            let register = &listed[numbers.below(listed.len())];
            let writes = !numbers.one_in(4);
            register.touch(&mut Toucher { function, numbers }, writes);
        }
    });
}

struct Toucher<'a, D> {
    function: &'a PciFunction<D>,
    numbers: &'a mut Numbers,
}

/// Returns the register or, if it is one of an array, now and then another element of the array.
fn one_of<D: Table, T: Value, A: samara_device_io::mmio::Access>(
    register: Register<D, T, A>,
    numbers: &mut Numbers,
) -> Register<D, T, A> {
    let index = numbers.of_these(&[0, 0, 1, 2, 7, 200]);
    let register = call!(<Register<D, T, A> as Clone>::clone, &register);
    traits!(&register, Register<D, T, A>: Debug);
    call!(Register::<D, T, A>::nth, register, index).unwrap_or(register)
}

/// Chooses a value, often a meaningful one, such as an address of one of the driver's objects.
fn value(numbers: &mut Numbers) -> u64 {
    match numbers.below(6) {
        0 => ledger::some_address(numbers.below(64)),
        1 => ledger::some_address(numbers.below(64)) >> 32,
        _ => u64::from(numbers.bits()) | u64::from(numbers.bits()) << 32,
    }
}

fn tell(result: Result<(), WriteError>) {
    if let Err(error) = result {
        traits!(&error, WriteError: Debug, Display, Clone, Eq);
    }
}

impl<D: Table> Touch<D> for Toucher<'_, D> {
    fn read<T: Value, A: Readable>(&mut self, register: Register<D, T, A>) {
        let register = one_of(register, self.numbers);
        if self.numbers.one_in(2) {
            call!(PciFunction::<D>::read::<T, A>, self.function, register);
        } else {
            let index = self.numbers.below(4) as u32;
            call!(
                PciFunction::<D>::read_selected::<T, A>,
                self.function,
                register,
                index
            );
        }
    }

    fn write<T: Value + Narrow, A: Writable>(&mut self, register: Register<D, T, A>) {
        let register = one_of(register, self.numbers);
        let new = T::of(value(self.numbers));
        match self.numbers.below(3) {
            0 => tell(call!(
                PciFunction::<D>::write::<T, A>,
                self.function,
                register,
                new
            )),
            1 => {
                let mask = T::of(value(self.numbers));
                let new = T::of(new.into() & mask.into());
                tell(call!(
                    PciFunction::<D>::update::<T, A>,
                    self.function,
                    register,
                    mask,
                    new
                ));
            }
            _ => {
                let index = self.numbers.below(3) as u32;
                tell(call!(
                    PciFunction::<D>::write_selected::<T, A>,
                    self.function,
                    register,
                    index,
                    new
                ));
            }
        }
    }
}
