//! Segments, the task state segment with its trap stacks, and the interrupt descriptor table.
//!
//! Compiled code, including the prebuilt `core`, keeps data in the red zone, the 128 bytes below the stack pointer. So
//! a trap must not push its frame onto the stack that it interrupts: every vector runs on a stack of the interrupt
//! stack table. Vectors that can interrupt the handler of another vector have a stack of their own.

use spin::Once;
use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::registers::segmentation::SegmentSelector;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable};
use x86_64::structures::idt::{Entry, InterruptDescriptorTable};
use x86_64::structures::tss::TaskStateSegment;

use crate::mm::stack;

/// Indices into [`stack::TRAPS`] and the interrupt stack table.
#[derive(Clone, Copy)]
enum TrapStack {
    Fault,
    Debug,
    NonMaskable,
    MachineCheck,
    DoubleFault,
    Interrupt,
}

static TASK: Once<TaskStateSegment> = Once::new();
static SEGMENTS: Once<GlobalDescriptorTable> = Once::new();
static VECTORS: Once<InterruptDescriptorTable> = Once::new();

/// Loads the kernel's descriptors. From here on a fault is reported, instead of resetting the machine. `stub` returns
/// the address of a vector's entry code.
pub(crate) fn init(stub: fn(u8) -> u64) {
    let task = TASK.call_once(|| {
        let mut task = TaskStateSegment::new();
        for (index, stack) in stack::TRAPS.iter().enumerate() {
            task.interrupt_stack_table[index] = VirtAddr::new(stack.top());
        }
        task
    });
    let mut selectors = None;
    let segments = SEGMENTS.call_once(|| {
        let mut segments = GlobalDescriptorTable::new();
        let code = segments.append(Descriptor::kernel_code_segment());
        let task = segments.append(Descriptor::tss_segment(task));
        selectors = Some((code, task));
        segments
    });
    let Some((code, task)) = selectors else {
        return;
    };
    segments.load();
    // SAFETY: `code` selects a 64-bit code segment of the table that was just loaded.
    unsafe { CS::set_reg(code) };
    // SAFETY: in 64-bit mode at privilege level 0 the null segment may be used for data and the stack.
    unsafe { SS::set_reg(SegmentSelector::NULL) };
    // SAFETY: as above.
    unsafe { DS::set_reg(SegmentSelector::NULL) };
    // SAFETY: as above.
    unsafe { ES::set_reg(SegmentSelector::NULL) };
    // SAFETY: the task state is never freed, and nothing else uses its stacks.
    unsafe { load_tss(task) };
    VECTORS.call_once(|| vectors(stub)).load();
}

fn vectors(stub: fn(u8) -> u64) -> InterruptDescriptorTable {
    use TrapStack::{Debug, DoubleFault, Fault, Interrupt, MachineCheck, NonMaskable};
    let mut table = InterruptDescriptorTable::new();
    let at = |vector| VirtAddr::new(stub(vector));
    set(&mut table.divide_error, at(0), Fault);
    set(&mut table.debug, at(1), Debug);
    set(&mut table.non_maskable_interrupt, at(2), NonMaskable);
    set(&mut table.breakpoint, at(3), Fault);
    set(&mut table.overflow, at(4), Fault);
    set(&mut table.bound_range_exceeded, at(5), Fault);
    set(&mut table.invalid_opcode, at(6), Fault);
    set(&mut table.device_not_available, at(7), Fault);
    set(&mut table.double_fault, at(8), DoubleFault);
    set(&mut table.invalid_tss, at(10), Fault);
    set(&mut table.segment_not_present, at(11), Fault);
    set(&mut table.stack_segment_fault, at(12), Fault);
    set(&mut table.general_protection_fault, at(13), Fault);
    set(&mut table.page_fault, at(14), Fault);
    set(&mut table.x87_floating_point, at(16), Fault);
    set(&mut table.alignment_check, at(17), Fault);
    set(&mut table.machine_check, at(18), MachineCheck);
    set(&mut table.simd_floating_point, at(19), Fault);
    set(&mut table.virtualization, at(20), Fault);
    set(&mut table.cp_protection_exception, at(21), Fault);
    set(&mut table.hv_injection_exception, at(28), Fault);
    set(&mut table.vmm_communication_exception, at(29), Fault);
    set(&mut table.security_exception, at(30), Fault);
    for vector in 32..=u8::MAX {
        set(&mut table[vector], at(vector), Interrupt);
    }
    table
}

fn set<F>(entry: &mut Entry<F>, stub: VirtAddr, stack: TrapStack) {
    // SAFETY: the stub was made for this vector. It saves all registers and returns as the CPU expects.
    let options = unsafe { entry.set_handler_addr(stub) };
    // SAFETY: `init` has filled this entry of the interrupt stack table.
    unsafe { options.set_stack_index(stack as u16) };
}
