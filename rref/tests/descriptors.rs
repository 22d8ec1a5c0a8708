//! A property of descriptors: two are equal exactly if they were made by the same choices. Compares random descriptors
//! with copies in which one choice differs.

use samara_host_std as _;
use samara_rref::descriptor::interface::{
    ArgumentDescriptor, InterfaceDescriptor, MethodDescriptor, Repeat,
};
use samara_rref::descriptor::{Field, Shape, TypeDescriptor, Variant};
use samara_testkit::hosted::Rng;

/// Draws the choices that make a descriptor. If `change` is a number, the choice with this number differs from the
/// choice that the seed gives otherwise.
struct Maker {
    rng: Rng,
    drawn: usize,
    change: Option<usize>,
    changed: bool,
}

impl Maker {
    fn draw(&mut self, below: usize) -> usize {
        let value = self.rng.below(below);
        // With only one option, the choice cannot change.
        let changed = below > 1 && self.change == Some(self.drawn);
        self.drawn += 1;
        self.changed |= changed;
        if changed { (value + 1) % below } else { value }
    }

    fn name(&mut self) -> &'static str {
        ["a", "b", "aa", "", "a\0"][self.draw(5)]
    }

    fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> &'static [T] {
        let len = self.draw(4);
        Vec::leak((0..len).map(|_| make(self)).collect())
    }

    fn field(&mut self, depth: usize) -> Field {
        Field {
            name: self.name(),
            offset: [None, Some(0), Some(8)][self.draw(3)],
            ty: Box::leak(Box::new(self.ty(depth))),
        }
    }

    fn variant(&mut self, depth: usize) -> Variant {
        Variant {
            name: self.name(),
            discriminant: [-1, 0, 1][self.draw(3)],
            fields: self.list(|this| this.field(depth)),
        }
    }

    fn ty(&mut self, depth: usize) -> TypeDescriptor {
        let (name, size, align) = (self.name(), self.draw(3) * 8, 1 << self.draw(3));
        let inner = |this: &mut Self| &*Box::leak(Box::new(this.ty(depth - 1)));
        let shape = match self.draw(if depth == 0 { 1 } else { 6 }) {
            0 => Shape::Plain,
            1 => Shape::Struct(self.list(|this| this.field(depth - 1))),
            2 => Shape::Enum {
                repr: ["", "u8"][self.draw(2)],
                variants: self.list(|this| this.variant(depth - 1)),
            },
            3 => Shape::Array {
                len: self.draw(3),
                element: inner(self),
            },
            4 => Shape::Slice(inner(self)),
            _ => Shape::Pointer(inner(self)),
        };
        TypeDescriptor {
            name,
            size,
            align,
            shape,
        }
    }

    fn interface(&mut self) -> InterfaceDescriptor {
        let methods = self.list(|this| MethodDescriptor {
            name: this.name(),
            repeat: [Repeat::Never, Repeat::Idempotent, Repeat::Replay][this.draw(3)],
            arguments: this.list(|this| ArgumentDescriptor {
                lent: this.draw(2) == 1,
                ty: this.ty(3),
            }),
            result: this.ty(3),
        });
        InterfaceDescriptor {
            name: self.name(),
            parameters: self.list(|this| this.ty(1)),
            supertraits: &[],
            methods,
        }
    }
}

fn make(seed: u64, change: Option<usize>) -> (InterfaceDescriptor, usize, bool) {
    let mut maker = Maker {
        rng: Rng::new(seed),
        drawn: 0,
        change,
        changed: false,
    };
    let interface = maker.interface();
    (interface, maker.drawn, maker.changed)
}

fn bytes(interface: &InterfaceDescriptor) -> Vec<u8> {
    let mut bytes = Vec::new();
    interface
        .encode(&mut |piece| bytes.extend_from_slice(piece))
        .unwrap();
    bytes
}

#[test]
fn one_change_anywhere_makes_another_interface() {
    let mut compared = 0;
    for seed in 1..200 {
        let (one, drawn, _) = make(seed, None);
        assert_eq!(one, make(seed, None).0);
        for change in (0..drawn).step_by(1 + drawn / 60) {
            let (other, _, changed) = make(seed, Some(change));
            assert_eq!(one != other, changed, "seed {seed}, change {change}");
            let differ = bytes(&one) != bytes(&other);
            assert_eq!(differ, changed, "seed {seed}, change {change}");
            let differ = one.fingerprint() != other.fingerprint();
            assert_eq!(differ, changed, "seed {seed}, change {change}");
            compared += usize::from(changed);
        }
    }
    assert!(compared > 1000, "only {compared} changes were made");
}
