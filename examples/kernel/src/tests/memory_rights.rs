//! Reads the page tables and checks which pages are mapped and with which rights.

use x86_64::registers::control::{Cr0, Cr0Flags, Efer, EferFlags};
use x86_64::structures::paging::PageTableFlags as Flags;

use super::kernel_tests;
use crate::mm::address_space::for_each_page;
use crate::mm::layout::{DIRECT_MAP, KERNEL_BASE};
use crate::mm::{image, stack};

fn is_executable(flags: Flags) -> bool {
    !flags.contains(Flags::NO_EXECUTE)
}

/// Returns the rights of the page that holds `address`, or `None` if it is not mapped.
fn rights(address: u64) -> Option<Flags> {
    let mut found = None;
    for_each_page(&mut |start, size, flags| {
        if (start..=start + (size - 1)).contains(&address) {
            found = Some(flags);
        }
    });
    found
}

kernel_tests! {
    fn nothing_is_both_writable_and_executable() {
        let mut pages = 0;
        for_each_page(&mut |address, _, flags| {
            pages += 1;
            let both = flags.contains(Flags::WRITABLE) && is_executable(flags);
            assert!(!both, "{address:#x}: {flags:?}");
            assert!(!flags.contains(Flags::USER_ACCESSIBLE), "{address:#x}: {flags:?}");
            assert!(address >= DIRECT_MAP, "{address:#x}: the lower half stays empty");
        });
        assert!(pages > 100, "{pages} pages");
        assert!(Cr0::read().contains(Cr0Flags::WRITE_PROTECT));
        assert!(Efer::read().contains(EferFlags::NO_EXECUTE_ENABLE));
    }

    fn only_the_text_is_executable() {
        let [text, ..] = image::segments();
        for_each_page(&mut |address, _, flags| {
            let is_text = (text.start..text.end).contains(&address);
            assert_eq!(is_executable(flags), is_text, "{address:#x}");
        });
    }

    fn text_and_constants_have_no_writable_alias() {
        let code = (nothing_is_both_writable_and_executable as fn() as usize) as u64;
        let constant = core::ptr::from_ref("x").addr() as u64;
        for address in [code, constant] {
            let flags = rights(address).expect("mapped");
            assert!(!flags.contains(Flags::WRITABLE));
            assert_eq!(rights(address - KERNEL_BASE + DIRECT_MAP), None, "not in the direct map");
        }
    }

    fn guard_pages_are_not_mapped() {
        for guard in stack::guards() {
            assert_eq!(rights(guard), None);
            let above = if stack::main_reserve().contains(&(guard + 4096)) {
                stack::main_reserve().end // the reserve is closed
            } else {
                guard + 4096
            };
            assert!(rights(above).is_some(), "the stack above the guard is mapped");
            assert!((guard..above).step_by(4096).all(|page| rights(page).is_none()));
        }
    }
}
