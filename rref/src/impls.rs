//! `Exchangeable` for the types of the standard library that may cross.

use crate::descriptor::{Field, Shape, Variant};
use crate::exchangeable::max_depth;
use crate::{Exchangeable, Transfer, TypeDescriptor};
use core::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64,
    NonZeroUsize, Wrapping,
};
use core::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicIsize, AtomicU8, AtomicU16, AtomicU32,
    AtomicUsize,
};
use core::time::Duration;
use samara_shared_heap::{Cap, Capability};

/// Describes a field of a standard type.
const fn part<T: Exchangeable>(name: &'static str, offset: Option<usize>) -> Field {
    Field {
        name,
        offset,
        ty: &T::DESCRIPTOR,
    }
}

/// Describes a variant of a standard type.
const fn variant(name: &'static str, discriminant: i128, fields: &'static [Field]) -> Variant {
    Variant {
        name,
        discriminant,
        fields,
    }
}

macro_rules! plain {
    ($($ty:ty),* $(,)?) => {$(
        // SAFETY: plain data, which owns nothing and points to nothing (CROSS-1).
        unsafe impl Exchangeable for $ty {
            const NESTED: bool = false;
            const DEPTH: usize = 0;
            const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>(stringify!($ty));
            #[inline]
            fn transfer(&self, _: &Transfer) {}
        }
    )*};
}

plain!(
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    f32,
    f64,
    bool,
    char,
    (),
    NonZeroU8,
    NonZeroU16,
    NonZeroU32,
    NonZeroU64,
    NonZeroUsize,
    NonZeroI8,
    NonZeroI16,
    NonZeroI32,
    NonZeroI64,
    Duration,
    core::cmp::Ordering,
    core::convert::Infallible,
    AtomicBool,
    AtomicU8,
    AtomicU16,
    AtomicU32,
    AtomicUsize,
    AtomicI8,
    AtomicI16,
    AtomicI32,
    AtomicIsize,
);
#[cfg(target_has_atomic = "64")]
#[cfg(target_has_atomic = "64")]
plain!(core::sync::atomic::AtomicU64, core::sync::atomic::AtomicI64);

// SAFETY: the only field is exchangeable and is visited (CROSS-1).
unsafe impl<T: Exchangeable> Exchangeable for Wrapping<T> {
    const NESTED: bool = T::NESTED;
    const DEPTH: usize = 1 + T::DEPTH;
    const DESCRIPTOR: TypeDescriptor =
        TypeDescriptor::shaped::<Self>("Wrapping", Shape::Struct(&[part::<T>("0", Some(0))]));
    #[inline]
    fn transfer(&self, to: &Transfer) {
        let () = T::NO_DESTRUCTOR_OF_ITS_OWN;
        self.0.transfer(to);
    }
}

// SAFETY: the value, if there is one, is exchangeable and is visited (CROSS-1).
unsafe impl<T: Exchangeable> Exchangeable for Option<T> {
    const NESTED: bool = T::NESTED;
    const DEPTH: usize = 1 + T::DEPTH;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::shaped::<Self>(
        "Option",
        Shape::Enum {
            repr: "",
            variants: &[
                variant("None", 0, &[]),
                variant("Some", 1, &[part::<T>("0", None)]),
            ],
        },
    );
    #[inline(always)]
    fn transfer(&self, to: &Transfer) {
        let () = T::NO_DESTRUCTOR_OF_ITS_OWN;
        if let (true, Some(value)) = (T::NESTED, self) {
            value.transfer(to);
        }
    }
}

// SAFETY: the value of either variant is exchangeable and is visited (CROSS-1).
unsafe impl<T: Exchangeable, E: Exchangeable> Exchangeable for Result<T, E> {
    const NESTED: bool = T::NESTED || E::NESTED;
    const DEPTH: usize = 1 + max_depth(&[T::DEPTH, E::DEPTH]);
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::shaped::<Self>(
        "Result",
        Shape::Enum {
            repr: "",
            variants: &[
                variant("Ok", 0, &[part::<T>("0", None)]),
                variant("Err", 1, &[part::<E>("0", None)]),
            ],
        },
    );
    #[inline]
    fn transfer(&self, to: &Transfer) {
        let () = T::NO_DESTRUCTOR_OF_ITS_OWN;
        let () = E::NO_DESTRUCTOR_OF_ITS_OWN;
        if Self::NESTED {
            match self {
                Ok(value) => value.transfer(to),
                Err(error) => error.transfer(to),
            }
        }
    }
}

// SAFETY: every element is exchangeable and is visited (CROSS-1).
unsafe impl<T: Exchangeable, const N: usize> Exchangeable for [T; N] {
    // An empty array holds nothing and takes no room. So a slice of empty arrays may have too many elements to visit,
    // and an empty array must not count as nested.
    const NESTED: bool = N > 0 && T::NESTED;
    const DEPTH: usize = 1 + T::DEPTH;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::shaped::<Self>(
        "array",
        Shape::Array {
            element: &T::DESCRIPTOR,
            len: N,
        },
    );
    #[inline]
    fn transfer(&self, to: &Transfer) {
        let () = T::NO_DESTRUCTOR_OF_ITS_OWN;
        if Self::NESTED {
            for value in self {
                value.transfer(to);
            }
        }
    }
}

macro_rules! tuples {
    ($($name:ident $at:tt)*) => {
        // SAFETY: every element is exchangeable and is visited (CROSS-1).
        unsafe impl<$($name: Exchangeable),*> Exchangeable for ($($name,)*) {
            const NESTED: bool = false $(|| $name::NESTED)*;
            const DEPTH: usize = 1 + max_depth(&[$($name::DEPTH),*]);
            const DESCRIPTOR: TypeDescriptor = TypeDescriptor::shaped::<Self>(
                "tuple",
                Shape::Struct(&[$(part::<$name>(
                    stringify!($at),
                    Some(core::mem::offset_of!(Self, $at)),
                )),*]),
            );
            #[inline(always)]
            fn transfer(&self, to: &Transfer) {
                $(let () = $name::NO_DESTRUCTOR_OF_ITS_OWN;)*
                #[expect(non_snake_case, reason = "the type parameters name the elements")]
                let ($($name,)*) = self;
                $($name.transfer(to);)*
            }
        }
    };
}
tuples!(A 0);
tuples!(A 0 B 1);
tuples!(A 0 B 1 C 2);
tuples!(A 0 B 1 C 2 D 3);
tuples!(A 0 B 1 C 2 D 3 E 4);
tuples!(A 0 B 1 C 2 D 3 E 4 F 5);
tuples!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
tuples!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);

// SAFETY: a handle to a slot with an owner word, which `transfer` changes. The value in the slot belongs to trusted
// code, and the objects that it holds belong to the host (CROSS-1, OWN-1).
unsafe impl<T: Capability> Exchangeable for Cap<T> {
    const NESTED: bool = true;
    const DEPTH: usize = 1;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>(T::NAME);
    #[inline]
    fn transfer(&self, to: &Transfer) {
        to.cap(self);
    }
}
