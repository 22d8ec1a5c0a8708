//! What every backend promises, run on those that a hosted program can have; and what `jump` alone
//! has to promise.

mod anchors;
mod common;
mod registers;
mod struck;

common::contract!(std_backend, samara_unwind);
common::contract!(jump_backend, samara_unwind::jump);
