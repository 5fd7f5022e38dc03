//! Voices: how they are heard, measured, learned and read.
#![allow(clippy::unwrap_used, reason = "tests")]

use overture_engine::understand::voice::Turn;
use overture_inference::{
    ModelFileError,
    audio::{RATE, synthetic::Talker},
    voice::{
        Clip, Emotion, Heard, Listener, MakeError, Measurer, Pieces, Recipe, Speaker, Stretch,
        Turns, VoiceModel, dynamics, make, telephone::Line,
    },
};

use proptest::prelude::*;

#[path = "support/registry.rs"]
mod registry;

const SHIPPED: &[u8] = include_bytes!("../../../models/voice-1.model");

fn shipped() -> VoiceModel {
    VoiceModel::from_file(SHIPPED).unwrap()
}

fn stretch(samples: &[f32]) -> Stretch {
    Measurer::default().measure(samples).unwrap()
}

#[test]
fn a_voice_is_heard_and_silence_is_not() {
    let voice = stretch(&Talker::calm(120.0).say(3.0, 1));
    assert!(voice.seconds() > 2.0, "{}", voice.seconds());
    assert!(voice.quality() > 0.5, "{}", voice.quality());
    let mut measurer = Measurer::default();
    let hum: Vec<f32> = (0..24_000)
        .map(|at| 0.2 * (at as f32 * 0.04).sin())
        .collect();
    for (name, samples) in [
        ("nothing", Vec::new()),
        ("silence", vec![0.0; 24_000]),
        ("direct current", vec![0.5; 24_000]),
        ("a hum", hum),
        ("a tenth of a second", Talker::calm(120.0).say(0.1, 1)),
    ] {
        assert_eq!(measurer.measure(&samples), None, "{name}");
    }
}

#[test]
fn little_speech_noise_and_clipping_lower_the_quality() {
    let voice = Talker::calm(120.0).say(4.0, 1);
    let whole = stretch(&voice).quality();
    let short = stretch(&voice[..6_000]).quality();
    let loud: Vec<f32> = voice
        .iter()
        .map(|sample| (sample * 12.0).clamp(-1.0, 1.0))
        .collect();
    let clipped = stretch(&loud).quality();
    let hiss = |at: usize| ((at as u32).wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5;
    let noise = voice
        .iter()
        .enumerate()
        .map(|(at, sample)| sample + 0.1 * hiss(at));
    let noisy = stretch(&noise.collect::<Vec<f32>>()).quality();
    for (name, quality) in [("short", short), ("clipped", clipped), ("noisy", noisy)] {
        assert!(quality < whole - 0.1, "{name}: {quality}, whole: {whole}");
    }
}

/// Four people in four emotions, several times each.
fn acted() -> Vec<Clip> {
    let mut clips = Vec::new();
    for (number, pitch_hz) in [95.0, 120.0, 180.0, 215.0].into_iter().enumerate() {
        let calm = Talker::calm(pitch_hz);
        let ways = [calm.angry(), calm.sad(), calm.joyful(), calm];
        for (emotion, talker) in Emotion::ALL.into_iter().zip(ways) {
            for take in 0..4 {
                clips.push(Clip {
                    speaker: format!("speaker {number}"),
                    emotion,
                    samples: talker.say(2.0, 100 * number as u64 + 10 * take + emotion as u64),
                });
            }
        }
    }
    clips
}

const SMALL: Recipe = Recipe {
    lines: 3,
    orders: 4,
    prior: 0.1,
    penalties: [0.05, 0.1, 2e-4],
    width: 0.002,
    seed: 3,
};

#[test]
fn what_is_learned_from_some_people_holds_for_others() {
    let clips = acted();
    let (apart, rest): (Vec<Clip>, Vec<Clip>) = clips
        .into_iter()
        .partition(|clip| clip.speaker == "speaker 1");
    let mut done = Vec::new();
    let model = make("small", &rest, SMALL, &mut |share| done.push(share)).unwrap();
    assert!(done.is_sorted() && done.last() == Some(&1.0), "{done:?}");

    let mut speaker = Speaker::default();
    let mut right = 0;
    for clip in &apart {
        let arrived = Line::TELEPHONE.send(&clip.samples, &[], 1);
        let reading = model.read(&stretch(&arrived), &mut speaker);
        assert!((reading.emotions.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!((0.0..=1.0).contains(&reading.arousal()));
        right += usize::from(reading.likeliest() == clip.emotion);
    }
    assert!(right >= 13, "{right} of {}", apart.len());

    let again = VoiceModel::from_file(&model.to_file()).unwrap();
    assert_eq!(again, model);
    let same = make("small", &rest, SMALL, &mut |_| ()).unwrap();
    assert_eq!(
        same.to_file(),
        model.to_file(),
        "learning is not deterministic"
    );
}

#[test]
fn somebody_who_is_angry_from_the_first_word_on_is_not_taken_for_usual() {
    let clips = acted();
    let (apart, rest): (Vec<Clip>, Vec<Clip>) = clips
        .into_iter()
        .partition(|clip| clip.speaker == "speaker 2");
    let model = make("small", &rest, SMALL, &mut |_| ()).unwrap();
    let mut speaker = Speaker::default();
    let angry = apart.iter().filter(|clip| clip.emotion == Emotion::Anger);
    for (round, clip) in angry.cycle().take(12).enumerate() {
        let anger = model
            .read(&stretch(&clip.samples), &mut speaker)
            .of(Emotion::Anger);
        assert!(anger > 0.5, "the {round}th time: {anger}");
    }
}

#[test]
fn no_model_is_made_of_too_little() {
    let clips = acted();
    let two: Vec<Clip> = clips
        .iter()
        .filter(|clip| &*clip.speaker < "speaker 2")
        .cloned()
        .collect();
    let refused = make("x", &two, SMALL, &mut |_| ()).unwrap_err();
    assert_eq!(refused, MakeError::TooFewSpeakers { found: 2 });
    let no_joy: Vec<Clip> = clips
        .into_iter()
        .filter(|clip| clip.emotion != Emotion::Joy)
        .collect();
    let refused = make("x", &no_joy, SMALL, &mut |_| ()).unwrap_err();
    assert_eq!(refused, MakeError::Missing(Emotion::Joy));
    assert!(refused.to_string().contains("joy"));
}

#[test]
fn the_shipped_model_is_the_registered_one_and_tells_a_changed_file() {
    registry::the_registry_names_exactly_this_file("voice-1", SHIPPED);
    assert_eq!(shipped().name(), "voice-1");
    assert_eq!(shipped().to_file(), SHIPPED);
    let mut changed = SHIPPED.to_vec();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let error = |file: &[u8]| VoiceModel::from_file(file).unwrap_err();
    assert!(matches!(
        error(&changed),
        ModelFileError::Changed | ModelFileError::Unusable(_)
    ));
    assert!(matches!(
        error(&SHIPPED[..1_000]),
        ModelFileError::CutOff { .. }
    ));
    assert!(matches!(
        error(b"OVTEXT1\n"),
        ModelFileError::NotAModel { .. }
    ));
    assert!(error(b"").to_string().contains("not a voice model"));
}

#[test]
fn the_shipped_model_hears_the_same_person_change() {
    let model = shipped();
    let calm = Talker::calm(120.0);
    let mut speaker = Speaker::default();
    let mut anger = |talker: Talker, seed| {
        let arrived = Line::TELEPHONE.send(&talker.say(3.0, seed), &[], 1);
        model
            .read(&stretch(&arrived), &mut speaker)
            .of(Emotion::Anger)
    };
    let before = (0..4).map(|seed| anger(calm, seed)).fold(0.0, f32::max);
    let after = anger(calm.angry(), 7);
    assert!(after > 5.0 * before, "{before} before, {after} after");
}

fn listen(samples: &[f32], packet: usize) -> Vec<Heard> {
    let model = shipped();
    let mut listener = Listener::default();
    let mut heard = Vec::new();
    for packet in samples.chunks(packet) {
        listener.push(&model, packet, &mut |one| heard.push(one));
    }
    listener.end(&model, &mut |one| heard.push(one));
    heard
}

#[test]
fn a_live_voice_is_read_after_every_second_of_speech() {
    let mut call = Talker::calm(120.0).say(6.0, 1);
    call.extend(vec![0.0; 4 * RATE]);
    call.extend(Talker::calm(120.0).angry().say(6.0, 2));
    let heard = listen(&call, 160);
    assert!((9..=13).contains(&heard.len()), "{} readings", heard.len());
    for pair in heard.windows(2) {
        let spoken = pair[1].spoken_seconds - pair[0].spoken_seconds;
        assert!(spoken > 0.3 && spoken < 1.01, "{spoken} s between readings");
        assert!(pair[1].at_seconds > pair[0].at_seconds);
    }
    let silent = heard
        .iter()
        .filter(|one| (7.0..10.0).contains(&one.at_seconds));
    assert_eq!(silent.count(), 0, "a pause was read");
    assert_eq!(heard[0].change, None);
    let change = heard.last().unwrap().change.unwrap();
    assert!(change.pitch > 4.0 && change.pitch < 10.0, "{change:?}");
    assert!(change.loudness_db > 3.0, "{change:?}");
}

#[test]
fn how_a_stream_is_cut_into_packets_changes_nothing() {
    let call = Talker::calm(180.0).say(5.0, 3);
    assert_eq!(listen(&call, 160), listen(&call, 1_000));
    assert_eq!(listen(&call, 160), listen(&call, 7));
}

#[test]
fn a_long_recording_is_read_in_pieces_and_a_short_one_whole() {
    let count = |seconds: f32| {
        let (mut pieces, mut lengths) = (Pieces::default(), Vec::new());
        for packet in Talker::calm(120.0).say(seconds, 1).chunks(999) {
            pieces.push(packet, &mut |piece| lengths.push(piece.seconds()));
        }
        pieces.end(&mut |piece| lengths.push(piece.seconds()));
        lengths
    };
    assert_eq!(count(7.0).len(), 1);
    let long = count(30.0);
    assert!(long.len() >= 5, "{long:?}");
    assert!(long.iter().all(|seconds| *seconds <= 8.0), "{long:?}");
}

fn turns(list: &[(u32, u32)], now_ms: u32) -> Turns {
    let turn = |(start_ms, end_ms): &(u32, u32)| Turn {
        start_ms: *start_ms,
        end_ms: *end_ms,
    };
    Turns::known(list.iter().map(turn).collect(), now_ms)
}

#[test]
fn how_two_people_talk_with_each_other_follows_from_their_turns() {
    // The customer takes the word at 4.5 s; the agent tries at 8.5 s and gives up; both fall silent for 3 s.
    let customer = turns(&[(1_000, 3_000), (4_500, 9_000)], 20_000);
    let agent = turns(&[(3_400, 5_000), (8_500, 8_800), (12_000, 17_000)], 20_000);
    let talk = dynamics::of(&customer, &agent);
    assert_eq!(talk.seconds, 20.0);
    assert!((talk.customer_share - 6.5 / 13.4).abs() < 1e-9, "{talk:?}");
    assert!((talk.overlap_share - 0.8 / 20.0).abs() < 1e-9, "{talk:?}");
    assert!((talk.silence_share - 7.4 / 20.0).abs() < 1e-9, "{talk:?}");
    assert_eq!(talk.dead_air_seconds, 3.0);
    assert_eq!(talk.interruptions_by_customer, 1);
    assert_eq!(talk.interruptions_by_agent, 0);
    assert_eq!(talk.agent_latency_ms, Some(3_000));
    assert_eq!(talk.customer_latency_ms, None);
    assert_eq!(
        dynamics::of(&turns(&[], 0), &turns(&[], 0)).customer_share,
        0.5
    );
}

proptest! {
    #[test]
    fn shares_are_shares(
        customer in prop::collection::vec((100u32..3_000, 100u32..3_000), 0..20),
        agent in prop::collection::vec((100u32..3_000, 100u32..3_000), 0..20),
    ) {
        let placed = |gaps: &[(u32, u32)]| {
            let (mut at, mut list) = (0, Vec::new());
            for (gap, length) in gaps {
                list.push((at + gap, at + gap + length));
                at += gap + length;
            }
            (list, at)
        };
        let ((customer, one), (agent, other)) = (placed(&customer), placed(&agent));
        let now = one.max(other);
        let talk = dynamics::of(&turns(&customer, now), &turns(&agent, now));
        for share in [talk.customer_share, talk.overlap_share, talk.silence_share] {
            prop_assert!((-1e-9..=1.0 + 1e-9).contains(&share), "{talk:?}");
        }
        let mirrored = dynamics::of(&turns(&agent, now), &turns(&customer, now));
        prop_assert_eq!(talk.interruptions_by_customer, mirrored.interruptions_by_agent);
        prop_assert!((talk.overlap_share - mirrored.overlap_share).abs() < 1e-9);
        prop_assert!(talk.dead_air_seconds * 1_000.0 <= f64::from(now));
    }
}
