//! The unwind tables of the program and of its libraries, found through the program headers.

use crate::authority;
use libc::{c_int, c_void, dl_phdr_info, size_t};
use samara_unwind::tables::{
    Finder, Image, ImageId, LandingPad, Registered, Rules, TableError, register_image,
    unregister_image,
};
use std::ffi::CStr;
use std::ops::Range;
use std::slice;
use std::sync::OnceLock;
use std::vec::Vec;

/// The image of the program itself.
static PROGRAM: OnceLock<Image<'static>> = OnceLock::new();

/// Returns the program's own tables, once [`register_all`] has found them.
pub(super) fn program() -> Option<&'static Image<'static>> {
    PROGRAM.get()
}

/// The C library's functions that copy, fill and compare memory, in the variants that this machine uses. They hold no
/// lock, so a tick may cut there.
static COPIES: OnceLock<Vec<Range<usize>>> = OnceLock::new();

fn copies(images: &[Image<'static>]) -> Vec<Range<usize>> {
    const NAMES: [&CStr; 6] = [
        c"memcpy", c"memmove", c"memset", c"memcmp", c"bcmp", c"strlen",
    ];
    let functions = NAMES.iter().filter_map(|name| {
        // SAFETY: a valid name, looked up in all loaded objects.
        let function = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }.addr();
        let mut functions = images
            .iter()
            .filter_map(|image| image.function(function).ok());
        functions.next()
    });
    functions.collect()
}

/// The code where a tick may cut: the program's own code, and [`COPIES`].
#[derive(Debug)]
pub(super) struct Cuttable(&'static Image<'static>);

impl Cuttable {
    pub(super) fn new() -> Option<Self> {
        program().map(Self)
    }

    fn ask<R>(
        &self,
        pc: usize,
        question: impl Fn(&dyn Finder) -> Result<R, TableError>,
    ) -> Result<R, TableError> {
        let copies = COPIES.get().map_or(&[][..], Vec::as_slice);
        if copies.iter().any(|function| function.contains(&pc)) {
            question(&Registered)
        } else {
            question(self.0)
        }
    }
}

impl Finder for Cuttable {
    fn rules(&self, pc: usize) -> Result<Rules, TableError> {
        self.ask(pc, |finder| finder.rules(pc))
    }

    fn landing_pad(&self, pc: usize) -> Result<LandingPad, TableError> {
        self.ask(pc, |finder| finder.landing_pad(pc))
    }
}

/// Registers the program and every library that is loaded at the first call. Later calls register nothing. Returns
/// false if there was no room for all of them. The thread must act for the host, so that the tables lie in the host's
/// heap.
pub(super) fn register_all() -> bool {
    static ARE_REGISTERED: OnceLock<bool> = OnceLock::new();
    *ARE_REGISTERED.get_or_init(|| {
        let images = loaded(None);
        let _ = COPIES.set(copies(&images));
        // `dl_iterate_phdr` lists the program first.
        if let Some(program) = images.first() {
            let _ = PROGRAM.set(program.clone());
        }
        images.into_iter().all(|found| {
            // SAFETY: an object that is linked into this program is never unloaded (ORDER-46).
            unsafe { register_image(found) }.is_ok()
        })
    })
}

/// Returns the program's own tables.
///
/// # Panics
/// If the program was linked without unwind tables. On a thread that acts for a domain, which has no such authority.
#[must_use]
pub fn program_image() -> &'static Image<'static> {
    authority::demand("contained::program_image");
    register_all();
    program().expect("the program was linked with `--eh-frame-hdr`")
}

/// A library that was loaded with `dlopen`. The unwinder knows the library until this value is dropped.
#[derive(Debug)]
pub struct Library(Option<ImageId>);

impl Library {
    /// Finds the library that contains `symbol` and registers it. Returns `None` if the library has no tables, or if
    /// there is no room for them.
    ///
    /// # Safety
    /// The library is not unloaded while the returned value lives.
    #[must_use]
    pub unsafe fn register(symbol: *const ()) -> Option<Self> {
        let found = loaded(Some(symbol.addr())).pop()?;
        // SAFETY: the caller upholds that the library stays loaded while the returned value lives (ORDER-46).
        let id = unsafe { register_image(found) }.ok()?;
        Some(Self(Some(id)))
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let mut id = self.0.take();
        while let Some(registered) = id {
            id = unregister_image(registered).err().map(|in_use| in_use.0);
            std::thread::yield_now();
        }
    }
}

/// The parameter and the results of the walk over the loaded objects.
struct Search {
    holding: Option<usize>,
    found: Vec<Image<'static>>,
}

/// Returns the images of the loaded objects that have unwind tables. If `holding` is an address, returns only the
/// object that contains the address.
fn loaded(holding: Option<usize>) -> Vec<Image<'static>> {
    let mut search = Search {
        holding,
        found: Vec::new(),
    };
    // SAFETY: `visit` gets the search that it expects, and is called only before this returns.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut search).cast()) };
    search.found
}

unsafe extern "C" fn visit(info: *mut dl_phdr_info, _: size_t, search: *mut c_void) -> c_int {
    // SAFETY: the walk's own record, which is valid during the call.
    let info = unsafe { &*info };
    // SAFETY: the search of `loaded`, which nothing else uses meanwhile.
    let search = unsafe { &mut *search.cast::<Search>() };
    // SAFETY: the object's name, which is a C string.
    let name = unsafe { CStr::from_ptr(info.dlpi_name) };
    // The vDSO is the kernel's own code, never a domain's.
    if name.to_bytes().starts_with(b"linux-vdso") {
        return 0;
    }
    // SAFETY: the object's program headers, with the length that the record states.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
    let base = info.dlpi_addr as usize;
    let loads = || headers.iter().filter(|at| at.p_type == libc::PT_LOAD);
    let range = |at: &libc::Elf64_Phdr| {
        let start = base.strict_add(at.p_vaddr as usize);
        start..start.strict_add(at.p_memsz as usize)
    };
    let Some(code) = loads().find(|at| at.p_flags & libc::PF_X != 0).map(range) else {
        return 0;
    };
    if search
        .holding
        .is_some_and(|address| !code.contains(&address))
    {
        return 0;
    }
    let tables = headers
        .iter()
        .find(|at| at.p_type == libc::PT_GNU_EH_FRAME)
        .map(range);
    // All tables lie in the segment that contains their header.
    let tables = tables.and_then(|tables| {
        let segment = loads().map(range).find(|at| at.contains(&tables.start))?;
        Some((tables.start.strict_sub(segment.start), segment))
    });
    let Some((offset, segment)) = tables else {
        return 0;
    };
    let start = std::ptr::with_exposed_provenance::<u8>(segment.start);
    // SAFETY: a loaded segment without write permission. Its bytes stay as they are while the object is loaded,
    // and the code that registers the object ensures that it stays loaded.
    let bytes: &'static [u8] = unsafe { slice::from_raw_parts(start, segment.len()) };
    let header = &bytes[offset..];
    // The pointer to `.eh_frame` is relative to this very field, as every linker writes it.
    let field = header.get(4..8).and_then(|at| at.try_into().ok());
    let Some(frames) = field
        .map(i32::from_le_bytes)
        .and_then(|at| offset.strict_add(4).checked_add_signed(at as isize))
        .and_then(|at| bytes.get(at..))
    else {
        return 0;
    };
    search.found.push(Image {
        code,
        eh_frame_hdr: header,
        eh_frame: frames,
        except_table: bytes,
    });
    0
}
