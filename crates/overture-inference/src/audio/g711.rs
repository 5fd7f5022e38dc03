//! G.711, the telephone's 8-bit companding: ITU-T Recommendation G.711 (1988).

/// The sample that a mu-law byte stands for, `-1.0..=1.0`.
pub fn from_mu_law(byte: u8) -> f32 {
    let code = !byte;
    let exponent = u32::from(code >> 4) & 7;
    let mantissa = i32::from(code & 15);
    let magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84;
    signed(magnitude, code & 0x80 != 0)
}

/// The sample that an A-law byte stands for, `-1.0..=1.0`.
pub fn from_a_law(byte: u8) -> f32 {
    let code = byte ^ 0x55;
    let exponent = u32::from(code >> 4) & 7;
    let mantissa = i32::from(code & 15) << 4;
    let magnitude = if exponent == 0 {
        mantissa + 8
    } else {
        (mantissa + 0x108) << (exponent - 1)
    };
    signed(magnitude, code & 0x80 == 0)
}

/// The mu-law byte nearest to a sample; what lies outside of `-1.0..=1.0` is clipped.
pub fn to_mu_law(sample: f32) -> u8 {
    const CLIP: i32 = 32_635;
    let value = (sample * 32_768.0) as i32;
    let magnitude = value.abs().min(CLIP) + 0x84;
    let exponent = (magnitude.ilog2() - 7) as u8;
    let mantissa = (magnitude >> (exponent + 3)) as u8 & 15;
    let sign = if value < 0 { 0x80 } else { 0 };
    !(sign | exponent << 4 | mantissa)
}

fn signed(magnitude: i32, is_negative: bool) -> f32 {
    let value = if is_negative { -magnitude } else { magnitude };
    value as f32 / 32_768.0
}
