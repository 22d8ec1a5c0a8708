//! Trait objects, closures and destructors as domains use them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::error::Error;
use core::fmt::{self, Debug, Display, Write};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header<'a> {
    name: &'a str,
    values: Vec<&'a [u8]>,
    more: Option<&'a str>,
}

#[derive(Debug)]
pub struct Request<'a> {
    headers: &'a [Header<'a>],
    first: Option<&'a Header<'a>>,
    pair: (&'a str, &'a Header<'a>),
    body: &'a mut &'a [u8],
}

#[derive(Debug)]
pub enum Fault<'a, T> {
    Text(&'a str),
    Of { what: &'a T, all: Vec<Option<&'a T>> },
    None,
}

impl<T: Debug> Display for Fault<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Of { what, .. } => f.debug_tuple("Of").field(what).finish(),
            other => write!(f, "{other:?}"),
        }
    }
}

impl<T: Debug> Error for Fault<'_, T> {}

pub trait Device {
    fn read(&mut self, into: &mut [u8]) -> usize;
    fn name(&self) -> &str;
}

pub struct Ram<'a>(&'a mut [u8]);

impl Device for Ram<'_> {
    fn read(&mut self, into: &mut [u8]) -> usize {
        let length = into.len().min(self.0.len());
        into[..length].copy_from_slice(&self.0[..length]);
        length
    }
    fn name(&self) -> &str {
        "ram"
    }
}

pub struct Counted<D> {
    device: D,
    reads: Rc<Cell<usize>>,
}

impl<D: Device> Device for Counted<D> {
    fn read(&mut self, into: &mut [u8]) -> usize {
        self.reads.set(self.reads.get() + 1);
        self.device.read(into)
    }
    fn name(&self) -> &str {
        self.device.name()
    }
}

pub fn devices<'a>(memory: &'a mut [u8], count: Rc<Cell<usize>>) -> Vec<Box<dyn Device + 'a>> {
    let counted = Counted {
        device: Ram(memory),
        reads: count,
    };
    Vec::from([Box::new(counted) as Box<dyn Device>])
}

pub fn counted<'a, D: Device + 'a>(device: D) -> Box<dyn Device + 'a> {
    Box::new(Counted {
        device,
        reads: Rc::default(),
    })
}

pub fn all(devices: &mut [&mut dyn Device], each: &mut dyn FnMut(&mut dyn Device)) {
    for device in devices {
        each(*device);
    }
}

pub fn total(first: &mut Ram<'_>, second: &mut Counted<Ram<'_>>, limit: &usize) -> (usize, String) {
    let (mut total, mut names) = (0, String::new());
    let mut buffer = [0; 16];
    all(&mut [first, second], &mut |device| {
        total += device.read(&mut buffer).min(*limit);
        names.push_str(device.name());
    });
    (total, names)
}

pub fn words<'a>(text: &'a str, longer_than: usize) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    Box::new(text.split(' ').filter(move |it| it.len() > longer_than))
}

pub fn visit<'a>(headers: &'a [Header<'a>], with: &mut dyn FnMut(&str)) -> BTreeMap<&'a str, usize> {
    let mut seen = BTreeMap::new();
    let mut each = |header: &Header<'a>| {
        seen.insert(header.name, header.values.len());
        with(header.name);
    };
    headers.iter().for_each(|it| each(it));
    seen
}

pub fn listeners(log: Arc<dyn Fn(&str)>) -> [Box<dyn Fn(u32)>; 2] {
    let again = log.clone();
    [
        Box::new(move |it| log(&it.to_string())),
        Box::new(move |_| again("")),
    ]
}

#[derive(Debug)]
pub struct Broken(String);

impl Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Broken {}

pub fn failed(text: &str) -> Result<(), Box<dyn Error>> {
    Err(Box::new(Broken(text.to_string())))
}

pub fn printed(into: &mut dyn Write, of: &Request<'_>) -> fmt::Result {
    writeln!(into, "{of:?} {:#?} {}", of.first, Fault::Of { what: &1, all: Vec::new() })
}

pub struct Undo<'a, T: Copy> {
    of: &'a Cell<T>,
    before: T,
}

impl<'a, T: Copy> Undo<'a, T> {
    pub fn new(of: &'a Cell<T>) -> Self {
        Undo { of, before: of.get() }
    }
}

pub struct Leaves<'a>(&'a RefCell<Vec<u32>>);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().pop();
    }
}

pub struct Kept<T>(Option<T>);

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        self.0 = None;
    }
}

pub fn kept<'a>(all: &'a RefCell<Vec<u32>>, text: &'a str) -> (Leaves<'a>, Kept<&'a str>, Kept<Header<'a>>) {
    all.borrow_mut().push(1);
    (Leaves(all), Kept(Some(text)), Kept(None))
}

pub fn asked(of: Kept<u8>, cell: &Cell<u8>) -> u8 {
    let undo = Undo::new(cell);
    match of.0 {
        Some(it @ 7..) => it,
        Some(it) => it + undo.before + undo.of.get(),
        None => 0,
    }
}
