//! Recordings of every format, whole, cut off and damaged.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::Cursor;

use overture_inference::audio::synthetic::{Talker, wav, wav_of};
use overture_inference::audio::{AudioError, RATE, Recording, g711};
use proptest::prelude::*;

const FLAC: &[u8] = include_bytes!("fixtures/voice/voice.flac");
const MP3: &[u8] = include_bytes!("fixtures/voice/voice.mp3");
const OGG: &[u8] = include_bytes!("fixtures/voice/voice.ogg");
const AAC: &[u8] = include_bytes!("fixtures/voice/voice.aac");
const M4A: &[u8] = include_bytes!("fixtures/voice/voice.m4a");

fn open(file: Vec<u8>) -> Result<Recording, AudioError> {
    Recording::open(Box::new(Cursor::new(file)), None)
}

/// All samples of every channel.
fn read(file: Vec<u8>) -> Result<Vec<Vec<f32>>, AudioError> {
    let mut recording = open(file)?;
    let mut all = vec![Vec::new(); recording.channels()];
    while let Some(channels) = recording.read()? {
        for (all, channel) in all.iter_mut().zip(channels) {
            all.extend_from_slice(channel);
        }
    }
    Ok(all)
}

#[test]
fn g711_decodes_the_values_of_its_tables() {
    let value = |sample: f32| (sample * 32_768.0) as i32;
    for (byte, expected) in [
        (0x00, -32_124),
        (0x80, 32_124),
        (0x7f, 0),
        (0xff, 0),
        (0xfe, 8),
        (0x8f, 16_764),
    ] {
        assert_eq!(value(g711::from_mu_law(byte)), expected, "mu-law {byte:#x}");
    }
    for (byte, expected) in [
        (0xd5, 8),
        (0x55, -8),
        (0xaa, 32_256),
        (0x2a, -32_256),
        (0x80, 5_504),
    ] {
        assert_eq!(value(g711::from_a_law(byte)), expected, "a-law {byte:#x}");
    }
    for byte in (0..=u8::MAX).filter(|byte| *byte != 0x7f) {
        assert_eq!(g711::to_mu_law(g711::from_mu_law(byte)), byte);
    }
}

#[test]
fn a_recording_is_read_at_8_khz_whatever_it_is_coded_in() {
    let voice = Talker::calm(120.0).say(1.0, 1);
    let coded: Vec<u8> = voice
        .iter()
        .map(|sample| g711::to_mu_law(*sample))
        .collect();
    let a_law: Vec<u8> = (0..8_000)
        .map(|at| if at % 2 == 0 { 0xd5 } else { 0x55 })
        .collect();
    let twice: Vec<f32> = voice.iter().flat_map(|sample| [*sample; 2]).collect();
    for (name, file, channels) in [
        ("pcm", wav(&[&voice], 8_000), 1),
        ("stereo", wav(&[&voice, &voice], 8_000), 2),
        ("mu-law", wav_of(7, 8, 1, 8_000, &coded), 1),
        ("a-law", wav_of(6, 8, 1, 8_000, &a_law), 1),
        ("16 kHz", wav(&[&twice], 16_000), 1),
    ] {
        let read = read(file).unwrap();
        assert_eq!(read.len(), channels, "{name}");
        for channel in &read {
            let apart = channel.len().abs_diff(RATE);
            assert!(apart < 200, "{name}: {} samples", channel.len());
        }
    }
    let same = read(wav(&[&voice], 8_000)).unwrap();
    let error = same[0]
        .iter()
        .zip(&voice)
        .map(|(one, other)| (one - other).abs());
    assert!(error.fold(0.0, f32::max) < 1e-4);
}

#[test]
fn a_telephones_codes_are_read_too_where_they_are_described_in_16_bytes() {
    let samples: Vec<u8> = (0..=u8::MAX).cycle().take(RATE).collect();
    for code in [6, 7] {
        let whole = wav_of(code, 8, 2, 8_000, &samples);
        let mut short = whole.clone();
        short.drain(36..38);
        short[16] = 16;
        let length = (short.len() as u32 - 8).to_le_bytes();
        short[4..8].copy_from_slice(&length);
        assert_eq!(read(short.clone()).unwrap(), read(whole).unwrap(), "{code}");
        for cut in 0..60 {
            // Whatever is said of it, nothing breaks.
            let _ = read(short[..cut].to_vec());
        }
    }
}

#[test]
fn a_second_is_read_from_every_format() {
    for (name, file, most_seconds) in [
        ("flac", FLAC, 1.01),
        ("mp3", MP3, 1.01),
        ("ogg", OGG, 1.01),
        // An AAC stream cannot say how much of its first and last frame is padding.
        ("aac", AAC, 1.2),
        ("m4a", M4A, 1.2),
    ] {
        let read = read(file.to_vec()).unwrap();
        assert_eq!(read.len(), 1, "{name}");
        let seconds = read[0].len() as f64 / RATE as f64;
        assert!(
            (0.98..=most_seconds).contains(&seconds),
            "{name}: {seconds} s"
        );
        let loudest = read[0]
            .iter()
            .fold(0.0f32, |most, sample| most.max(sample.abs()));
        assert!((0.3..=0.7).contains(&loudest), "{name}: {loudest}");
    }
}

#[test]
fn what_is_no_recording_is_refused_with_a_reason() {
    let three = [0.1f32; 100];
    for (name, file, expected) in [
        ("nothing", Vec::new(), "not a recording: expected WAV"),
        (
            "text",
            b"hello, this is no sound at all".repeat(50),
            "not a recording: expected WAV",
        ),
        ("no samples", wav(&[&[]], 8_000), "the file holds no sound"),
        (
            "three channels",
            wav(&[&three, &three, &three], 8_000),
            "expected one channel, or two",
        ),
        (
            "a rate of 100",
            wav(&[&three], 100),
            "expected 4000 to 384000 samples a second, got 100",
        ),
    ] {
        let error = read(file)
            .err()
            .unwrap_or_else(|| panic!("{name} was read"));
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
}

#[test]
fn a_header_that_no_decoder_foresaw_harms_no_more_than_its_recording() {
    // The product of the channels and the bytes of a sample does not fit into its 16 bits.
    let mut file = wav(&[&[0.1; 100]], 8_000);
    file[22..24].copy_from_slice(&u16::MAX.to_le_bytes());
    assert!(read(file).is_err());
}

#[test]
fn a_recording_that_was_cut_off_is_read_as_far_as_it_goes() {
    let voice = Talker::calm(120.0).say(2.0, 1);
    let mut file = wav(&[&voice], 8_000);
    file.truncate(file.len() / 2 + 1);
    let read = read(file).unwrap();
    assert!(
        (7_000..=8_100).contains(&read[0].len()),
        "{}",
        read[0].len()
    );
}

proptest! {
    #[test]
    fn damaged_recordings_never_break_anything(
        format in 0usize..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        length in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let waves = wav(&[&Talker::calm(120.0).say(0.5, 1)], 8_000);
        let mut file = [&waves, FLAC, MP3, OGG, AAC, M4A][format].to_vec();
        for (at, byte) in damage {
            let place = at.index(file.len());
            file[place] = byte;
        }
        if is_cut {
            file.truncate(length.index(file.len()));
        }
        let Ok(mut recording) = open(file) else { return Ok(()) };
        let channels = recording.channels();
        // What the file claims must not make it endless: a hundred thousand blocks would be hours.
        for _ in 0..100_000 {
            match recording.read() {
                Ok(Some(block)) => {
                    prop_assert_eq!(block.len(), channels);
                    prop_assert!(block.iter().flatten().all(|sample| (-1.0..=1.0).contains(sample)));
                }
                Ok(None) | Err(_) => return Ok(()),
            }
        }
        prop_assert!(false, "it does not end");
    }
}
