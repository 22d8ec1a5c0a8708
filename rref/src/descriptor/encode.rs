//! The canonical encoding of a descriptor.
//!
//! The encoding is a depth-first walk. A number has 8 bytes (a discriminant 16), little-endian. A string or a list is
//! encoded as its length followed by its content, and a choice between alternatives as one byte. An interface to
//! which an earlier link has led is encoded as the number of that interface, in the order in which the walk first
//! meets them. So no sequence is a prefix of another, and different descriptors never have the same bytes.

use super::interface::{InterfaceDescriptor, InterfaceLink, MAX_INTERFACES, TooManyInterfaces};
use super::{Field, Shape, TypeDescriptor, text};
use core::any::TypeId;
use core::fmt;

struct Encoder<'a> {
    sink: &'a mut dyn FnMut(&[u8]),
    met: [Option<TypeId>; MAX_INTERFACES],
    len: usize,
}

type Outcome = Result<(), TooManyInterfaces>;

impl InterfaceDescriptor {
    /// Returns a hash of the encoded interface. If two hashes differ, so do the interfaces; if they are equal, only
    /// `==` decides.
    ///
    /// # Errors
    /// [`TooManyInterfaces`].
    pub fn fingerprint(&self) -> Result<u128, TooManyInterfaces> {
        // FNV-1a with 128 bits (draft-eastlake-fnv).
        let mut hash = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D_u128;
        self.encode(&mut |bytes| {
            for byte in bytes {
                hash = (hash ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013B);
            }
        })?;
        Ok(hash)
    }

    /// Passes the interface as one canonical sequence of bytes, piece by piece, to `sink`. A separately linked image
    /// carries these bytes. Equal bytes mean equal interfaces.
    ///
    /// # Errors
    /// [`TooManyInterfaces`].
    pub fn encode(&self, sink: &mut dyn FnMut(&[u8])) -> Result<(), TooManyInterfaces> {
        Encoder {
            sink,
            met: [None; MAX_INTERFACES],
            len: 0,
        }
        .interface(self)
    }
}

impl fmt::Write for Encoder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        (self.sink)(text.as_bytes());
        Ok(())
    }
}

impl Encoder<'_> {
    fn choice(&mut self, choice: u8) {
        (self.sink)(&[choice]);
    }

    fn number(&mut self, number: usize) {
        (self.sink)(&(number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        (self.sink)(text.as_bytes());
    }

    fn list<T>(&mut self, list: &[T], mut each: impl FnMut(&mut Self, &T) -> Outcome) -> Outcome {
        self.number(list.len());
        list.iter().try_for_each(|item| each(self, item))
    }

    fn ty(&mut self, ty: &TypeDescriptor) -> Outcome {
        self.text(ty.name);
        self.number(ty.size);
        self.number(ty.align);
        match ty.shape {
            Shape::Plain => self.choice(0),
            Shape::Struct(fields) => {
                self.choice(1);
                self.list(fields, Self::field)?;
            }
            Shape::Enum { repr, variants } => {
                self.choice(2);
                self.text(repr);
                self.list(variants, |this, variant| {
                    this.text(variant.name);
                    (this.sink)(&variant.discriminant.to_le_bytes());
                    this.list(variant.fields, Self::field)
                })?;
            }
            Shape::Array { element, len } => {
                self.choice(3);
                self.number(len);
                self.ty(element)?;
            }
            Shape::Slice(element) => {
                self.choice(4);
                self.ty(element)?;
            }
            Shape::Pointer(target) => {
                self.choice(5);
                self.ty(target)?;
            }
            Shape::Handle(link) => {
                self.choice(6);
                self.link(link)?;
            }
            Shape::Capability(written) => {
                self.choice(7);
                self.number(text::length(written));
                // A text function returns only errors of the writer, and this writer has none.
                let _ = written(self);
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &Field) -> Outcome {
        self.text(field.name);
        match field.offset {
            Some(offset) => {
                self.choice(1);
                self.number(offset);
            }
            None => self.choice(0),
        }
        self.ty(field.ty)
    }

    fn link(&mut self, link: InterfaceLink) -> Outcome {
        let found = (link.0)();
        let identity = Some(found.identity);
        let met = &self.met[..self.len];
        if let Some(number) = met.iter().position(|earlier| *earlier == identity) {
            self.choice(0);
            self.number(number);
            return Ok(());
        }
        *self.met.get_mut(self.len).ok_or(TooManyInterfaces)? = identity;
        self.len = self.len.strict_add(1);
        self.choice(1);
        self.interface(&found.descriptor)
    }

    fn interface(&mut self, interface: &InterfaceDescriptor) -> Outcome {
        self.text(interface.name);
        self.list(interface.parameters, Self::ty)?;
        self.list(interface.supertraits, |this, link| this.link(*link))?;
        self.list(interface.methods, |this, method| {
            this.text(method.name);
            this.choice(method.repeat as u8);
            this.list(method.arguments, |this, argument| {
                this.choice(argument.lent.into());
                this.ty(&argument.ty)
            })?;
            this.ty(&method.result)
        })
    }
}
