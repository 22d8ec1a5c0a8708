//! The registers of a thread at some instruction.

/// The x86_64 registers of an interrupted thread, in the order of their DWARF numbers. A trap handler fills them from
/// its trap frame, and writes them back there after a [`cut`](super).
///
/// FPU and vector registers are left out, because no unwind table restores any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[expect(missing_docs, reason = "named after the registers")]
pub struct Registers {
    pub rax: u64,
    pub rdx: u64,
    pub rcx: u64,
    pub rbx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub rsp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rip: u64,
    pub rflags: u64,
}

/// The number of registers that have a DWARF number here: the general ones and the return address.
#[cfg(samara_tables)]
pub(crate) const NUMBERED: usize = 17;
/// The DWARF number of the return address.
#[cfg(samara_tables)]
pub(crate) const RETURN_ADDRESS: usize = 16;

#[cfg(samara_tables)]
impl Registers {
    /// Takes over the preserved registers, the instruction pointer and the stack pointer of `frame`. Copies them one
    /// by one, because copying the whole structure takes a call of `memcpy`, which waits for the stores just before
    /// it.
    #[inline]
    pub(crate) const fn go_on_as(&mut self, frame: &Self) {
        self.rbx = frame.rbx;
        self.rbp = frame.rbp;
        self.rsp = frame.rsp;
        self.r12 = frame.r12;
        self.r13 = frame.r13;
        self.r14 = frame.r14;
        self.r15 = frame.r15;
        self.rip = frame.rip;
    }

    /// Returns the register with this DWARF number, or `None` if it is not in the structure.
    pub(crate) const fn get(&self, number: usize) -> Option<u64> {
        Some(match number {
            0 => self.rax,
            1 => self.rdx,
            2 => self.rcx,
            3 => self.rbx,
            4 => self.rsi,
            5 => self.rdi,
            6 => self.rbp,
            7 => self.rsp,
            8 => self.r8,
            9 => self.r9,
            10 => self.r10,
            11 => self.r11,
            12 => self.r12,
            13 => self.r13,
            14 => self.r14,
            15 => self.r15,
            16 => self.rip,
            _ => return None,
        })
    }

    /// Sets the register with this DWARF number, if it is in the structure.
    pub(crate) const fn set(&mut self, number: usize, value: u64) {
        let place = match number {
            0 => &mut self.rax,
            1 => &mut self.rdx,
            2 => &mut self.rcx,
            3 => &mut self.rbx,
            4 => &mut self.rsi,
            5 => &mut self.rdi,
            6 => &mut self.rbp,
            7 => &mut self.rsp,
            8 => &mut self.r8,
            9 => &mut self.r9,
            10 => &mut self.r10,
            11 => &mut self.r11,
            12 => &mut self.r12,
            13 => &mut self.r13,
            14 => &mut self.r14,
            15 => &mut self.r15,
            16 => &mut self.rip,
            _ => return,
        };
        *place = value;
    }
}
