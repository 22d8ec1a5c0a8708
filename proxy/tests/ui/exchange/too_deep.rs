//! Values do not nest so deeply that a transfer takes more stack than an entry leaves.
//!
//! Invariant: ORDER-31

use samara_host_std as _;
use samara_proxy::{Proxy, RpcError, interface};
use samara_rref::{Exchangeable, RRef};

macro_rules! nest {
    ($last:ident) => {
        #[derive(Exchangeable)]
        struct $last(RRef<u8>);
    };
    ($outer:ident $inner:ident $($rest:ident)*) => {
        #[derive(Exchangeable)]
        struct $outer($inner);
        nest!($inner $($rest)*);
    };
}
nest!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9
    D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 E0 E1 E2 E3 E4 E5 E6 E7 E8 E9);

#[interface]
trait Keeper {
    fn keep(&self, deep: A0) -> Result<(), RpcError>;
}

fn keep(keeper: &Proxy<dyn Keeper>, deep: A0) -> Result<(), RpcError> {
    keeper.keep(deep)
}

fn main() {
    let keep: fn(&Proxy<dyn Keeper>, A0) -> Result<(), RpcError> = keep;
    std::hint::black_box(keep);
}
