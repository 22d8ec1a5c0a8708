//! The serial ID of an optical module (SFF-8472). The module is a 10GBASE-SR one.

/// Returns the 256 bytes at I2C address 0xa0.
pub(crate) fn identity() -> [u8; 256] {
    let mut id = [0; 256];
    // SFP, serial ID by function, LC connector, 10GBASE-SR.
    id[..4].copy_from_slice(&[0x03, 0x04, 0x07, 0x10]);
    // 64B/66B at 10.3 Gb/s.
    id[11..13].copy_from_slice(&[0x06, 103]);
    // Reach in units of 10 m over OM2, OM1 and OM3 fibre.
    id[16] = 8;
    id[17] = 3;
    id[19] = 30;
    text(&mut id[20..36], "Samara");
    text(&mut id[40..56], "82599 MODEL SR");
    text(&mut id[56..60], "1");
    // Wavelength in nanometres.
    id[60..62].copy_from_slice(&850u16.to_be_bytes());
    id[63] = sum(&id[..63]);
    // Options: the module has the signals TX_FAULT, LOS and TX_DISABLE.
    id[65] = 0x1a;
    text(&mut id[68..84], "0");
    text(&mut id[84..92], "260101");
    id[95] = sum(&id[64..95]);
    id
}

fn text(field: &mut [u8], value: &str) {
    field.fill(b' ');
    for (to, from) in field.iter_mut().zip(value.bytes()) {
        *to = from;
    }
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().copied().fold(0, u8::wrapping_add)
}
