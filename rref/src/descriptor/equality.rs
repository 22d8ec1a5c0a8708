//! Comparison of descriptors, part by part. Interfaces may form cycles, so a pair whose comparison has already begun
//! counts as equal. If the interfaces of that pair differ, its own comparison finds the difference.

use super::interface::{
    ArgumentDescriptor, InterfaceDescriptor, InterfaceLink, MAX_INTERFACES, MethodDescriptor,
};
use super::{Field, Shape, TypeDescriptor, Variant, text};
use core::any::TypeId;

/// The pairs of interfaces whose comparison has begun.
struct Met {
    pairs: [Option<(TypeId, TypeId)>; MAX_INTERFACES],
    len: usize,
}

impl PartialEq for TypeDescriptor {
    fn eq(&self, other: &Self) -> bool {
        Met::new().types(self, other)
    }
}

impl Eq for TypeDescriptor {}

impl PartialEq for InterfaceDescriptor {
    fn eq(&self, other: &Self) -> bool {
        Met::new().interfaces(self, other)
    }
}

impl Eq for InterfaceDescriptor {}

/// Whether two lists are equal, element by element, according to `same`.
fn all<T>(a: &[T], b: &[T], mut same: impl FnMut(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

impl Met {
    const fn new() -> Self {
        Self {
            pairs: [None; MAX_INTERFACES],
            len: 0,
        }
    }

    fn types(&mut self, a: &TypeDescriptor, b: &TypeDescriptor) -> bool {
        (a.name, a.size, a.align) == (b.name, b.size, b.align) && self.shapes(&a.shape, &b.shape)
    }

    fn shapes(&mut self, a: &Shape, b: &Shape) -> bool {
        match (*a, *b) {
            (Shape::Plain, Shape::Plain) => true,
            (Shape::Struct(a), Shape::Struct(b)) => all(a, b, |a, b| self.fields(a, b)),
            (
                Shape::Enum { repr, variants },
                Shape::Enum {
                    repr: other,
                    variants: others,
                },
            ) => repr == other && all(variants, others, |a, b| self.variants(a, b)),
            (
                Shape::Array { element, len },
                Shape::Array {
                    element: other,
                    len: length,
                },
            ) => len == length && self.types(element, other),
            (Shape::Slice(a), Shape::Slice(b)) | (Shape::Pointer(a), Shape::Pointer(b)) => {
                self.types(a, b)
            }
            (Shape::Handle(a), Shape::Handle(b)) => self.links(a, b),
            (Shape::Capability(a), Shape::Capability(b)) => text::same(a, b),
            _ => false,
        }
    }

    fn fields(&mut self, a: &Field, b: &Field) -> bool {
        (a.name, a.offset) == (b.name, b.offset) && self.types(a.ty, b.ty)
    }

    fn variants(&mut self, a: &Variant, b: &Variant) -> bool {
        (a.name, a.discriminant) == (b.name, b.discriminant)
            && all(a.fields, b.fields, |a, b| self.fields(a, b))
    }

    fn links(&mut self, a: InterfaceLink, b: InterfaceLink) -> bool {
        let (a, b) = (a.0(), b.0());
        let pair = Some((a.identity, b.identity));
        if self.pairs[..self.len].contains(&pair) {
            return true;
        }
        let Some(free) = self.pairs.get_mut(self.len) else {
            // If there is no room to note the pair, the result is unknown, and the interfaces count as different.
            return false;
        };
        *free = pair;
        self.len = self.len.strict_add(1);
        self.interfaces(&a.descriptor, &b.descriptor)
    }

    fn interfaces(&mut self, a: &InterfaceDescriptor, b: &InterfaceDescriptor) -> bool {
        a.name == b.name
            && all(a.parameters, b.parameters, |a, b| self.types(a, b))
            && all(a.supertraits, b.supertraits, |a, b| self.links(*a, *b))
            && all(a.methods, b.methods, |a, b| self.methods(a, b))
    }

    fn methods(&mut self, a: &MethodDescriptor, b: &MethodDescriptor) -> bool {
        (a.name, a.repeat) == (b.name, b.repeat)
            && all(a.arguments, b.arguments, |a, b| self.arguments(a, b))
            && self.types(&a.result, &b.result)
    }

    fn arguments(&mut self, a: &ArgumentDescriptor, b: &ArgumentDescriptor) -> bool {
        a.lent == b.lent && self.types(&a.ty, &b.ty)
    }
}
