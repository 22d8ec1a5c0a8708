//! What a table says, done: what drivers may do with registers, and the steps that reset devices and start and stop queues.

mod registers;
mod steps;
