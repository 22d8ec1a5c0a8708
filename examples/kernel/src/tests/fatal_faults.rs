//! `mode=fault kind=…`: tests that end the kernel. The program that runs the machine checks the output.

use alloc::vec::Vec;
use core::arch::asm;
use core::hint::black_box;

use samara::heap::thread::NoCut;
use samara::prelude::*;

use crate::arch::exit::ExitCode;
use crate::host::runtime;
use crate::{println, thread};

/// Ends the kernel in the way that `kind` names. Returns only if there is no such kind, or if the kernel survives.
pub(crate) fn run(kind: &str) -> ExitCode {
    match kind {
        "null" => read(8),
        "text" => write(run as fn(&str) -> ExitCode as usize),
        "data" => execute(),
        "overflow" => {
            overflow(1);
        }
        "reserve" => overflow_in_trusted_code(),
        "undefined" => {
            // SAFETY: raises an undefined instruction exception, which does not return.
            unsafe { asm!("ud2") };
        }
        "divide" => {
            // SAFETY: raises a divide error, which does not return.
            unsafe {
                asm!("div {zero:e}", zero = in(reg) 0_u32, inout("eax") 1 => _, inout("edx") 0 => _)
            };
        }
        "panic" => panic!("outside every boundary"),
        "double" => double_panic(),
        "memory" => {
            black_box(Vec::<u8>::with_capacity(1 << 40));
        }
        _ => println!(
            "no such kind: null, text, data, overflow, reserve, undefined, divide, panic, double, memory"
        ),
    }
    ExitCode::Success
}

#[inline(never)]
fn read(address: usize) {
    let pointer = core::ptr::without_provenance::<u8>(black_box(address));
    // SAFETY: the pointer is not valid; the fault, which does not return, is the purpose.
    black_box(unsafe { pointer.read_volatile() });
}

#[inline(never)]
fn write(address: usize) {
    let pointer = core::ptr::with_exposed_provenance_mut::<u8>(black_box(address));
    // SAFETY: the memory is read-only; the fault, which does not return, is the purpose.
    unsafe { pointer.write_volatile(0) };
}

#[inline(never)]
fn execute() {
    let code = [0xc3_u8; 16];
    let address = black_box(code.as_ptr());
    // SAFETY: the memory is not executable; the fault, which does not return, is the purpose.
    unsafe { asm!("call {address}", address = in(reg) address, clobber_abi("C")) };
}

#[inline(never)]
#[expect(unconditional_recursion, reason = "the purpose")]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    overflow(depth + 1) + frame[(depth % 64) as usize]
}

/// A domain that uses up the stack in code that must not be cut.
#[interface]
trait Endless {
    fn overflow(&self) -> Result<u64, RpcError>;
}

struct State;

impl Endless for State {
    fn overflow(&self) -> Result<u64, RpcError> {
        // SAFETY: the slot is the running thread's. The mark is meant to last until the machine ends.
        let _mark = unsafe { NoCut::begin(&thread::current().slot) };
        Ok(overflow(1))
    }
}

fn overflow_in_trusted_code() {
    let init = |(): ()| Ok::<_, RpcError>(State);
    let domain = runtime().spawn(DomainSpec::new("endless"), init, Mint::nothing());
    let domain: Domain<dyn Endless> = domain.expect("a domain");
    println!(
        "contained: {:?}",
        domain.proxy().map(|proxy| proxy.overflow())
    );
}

fn double_panic() {
    struct PanicsAgain;
    impl Drop for PanicsAgain {
        fn drop(&mut self) {
            panic!("in a destructor, while unwinding");
        }
    }
    let result = samara_unwind::catch(|| {
        let _bomb = PanicsAgain;
        panic!("the first");
    });
    println!("contained: {}", result.is_err());
}
