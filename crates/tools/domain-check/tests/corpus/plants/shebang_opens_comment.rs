//@ rules: misread, unsafe-code, forbid-unsafe-code, no-std, not-understood
//@ says: unsafe block
#!/usr/bin/env x /*
pub fn peek(address: usize) -> u8 { unsafe { *(address as *const u8) } }
pub fn read(path: &str) -> Vec<u8> { std::fs::read(path).unwrap_or_default() }
// */ #![no_std] #![forbid(unsafe_code)]
