//! What the labels of a data set say about the heads.

use overture_engine::model::Emotion;

use super::heads::{
    EKMAN, EKMAN_HEAD, EMOTION_HEAD, GOEMOTIONS, GOEMOTIONS_HEAD, GROUP_HEAD, GROUPS, Head,
    POLARITY_HEAD, SARCASM_HEAD, SENTIMENT_HEAD, URGENCY_HEAD, VALENCE_HEAD,
};

/// By column, the probability that it holds.
pub type Targets = Vec<(u8, f32)>;

/// What is known of one column, if anything is.
pub fn known(targets: &[(u8, f32)], column: usize) -> Option<f32> {
    let target = targets
        .iter()
        .find(|target| usize::from(target.0) == column)?;
    Some(target.1)
}

/// The names of the product's emotions, in the order of their columns.
pub const EMOTIONS: [&str; 8] = {
    let mut names = [""; 8];
    let mut place = 0;
    while place < names.len() {
        names[place] = Emotion::ALL[place].name();
        place += 1;
    }
    names
};

/// Which of the product's emotions a label of GoEmotions is, if any.
pub fn emotion_of(goemotion: &str) -> Option<&'static str> {
    Some(match goemotion {
        "anger" => "anger",
        "annoyance" | "disappointment" | "disapproval" => "frustration",
        "sadness" | "grief" | "remorse" => "sadness",
        "fear" | "nervousness" => "fear",
        "joy" | "amusement" | "excitement" | "love" | "relief" | "pride" | "admiration" => "joy",
        "gratitude" => "gratitude",
        "surprise" => "surprise",
        "neutral" => "neutral",
        _ => return None,
    })
}

fn column(head: Head, place: usize) -> u8 {
    u8::try_from(head.first + place).expect("there are 64 columns")
}

/// All columns of a head: 1 for the names that are in `labels`, 0 for the others.
pub fn all_of(head: Head, names: &[&str], labels: &[&str], targets: &mut Targets) {
    for (place, name) in names.iter().enumerate() {
        targets.push((
            column(head, place),
            f32::from(u8::from(labels.contains(name))),
        ));
    }
}

/// The three shares of sentiment and the polarity, from a polarity of -1 to 1.
///
/// At half and beyond it is wholly negative or positive; a quarter either way is as much neutral as not.
pub fn polarity(value: f32, targets: &mut Targets) {
    targets.push((column(POLARITY_HEAD, 0), f32::midpoint(value, 1.0)));
    let strength = (value.abs() * 2.0).min(1.0);
    let (negative, positive) = if value < 0.0 {
        (strength, 0.0)
    } else {
        (0.0, strength)
    };
    shares([negative, 1.0 - strength, positive], targets);
}

/// The three shares of sentiment alone.
pub fn shares(shares: [f32; 3], targets: &mut Targets) {
    for (place, share) in shares.into_iter().enumerate() {
        targets.push((column(SENTIMENT_HEAD, place), share));
    }
}

/// The polarity alone, from -1 to 1.
pub fn valence(value: f32, targets: &mut Targets) {
    targets.push((
        column(POLARITY_HEAD, 0),
        f32::midpoint(value.clamp(-1.0, 1.0), 1.0),
    ));
}

/// A reader's rating of how pleasant it is, from -1 to 1.
pub fn rated(value: f32, targets: &mut Targets) {
    targets.push((
        column(VALENCE_HEAD, 0),
        f32::midpoint(value.clamp(-1.0, 1.0), 1.0),
    ));
}

/// What a row of GoEmotions says: its 28 labels, both views, and the product's emotions and sentiment.
pub fn goemotions(labels: &[&str], ekman: &[&str], groups: &[&str]) -> Targets {
    let mut targets = Targets::new();
    all_of(GOEMOTIONS_HEAD, &GOEMOTIONS, labels, &mut targets);
    all_of(EKMAN_HEAD, &EKMAN, ekman, &mut targets);
    all_of(GROUP_HEAD, &GROUPS, groups, &mut targets);
    let ours: Vec<&str> = labels
        .iter()
        .filter_map(|label| emotion_of(label))
        .collect();
    all_of(EMOTION_HEAD, &EMOTIONS, &ours, &mut targets);
    match groups {
        ["negative"] => polarity_of_group(-0.6, [1.0, 0.0, 0.0], &mut targets),
        ["positive"] => polarity_of_group(0.6, [0.0, 0.0, 1.0], &mut targets),
        ["neutral"] => polarity_of_group(0.0, [0.0, 1.0, 0.0], &mut targets),
        _ => {}
    }
    targets
}

fn polarity_of_group(value: f32, three: [f32; 3], targets: &mut Targets) {
    valence(value, targets);
    shares(three, targets);
}

/// Some of the product's emotions, and that the others among `known` are absent.
pub fn some_emotions(known: &[&str], labels: &[&str]) -> Targets {
    let of = |(place, name): (usize, &&str)| {
        known.contains(name).then(|| {
            (
                column(EMOTION_HEAD, place),
                f32::from(u8::from(labels.contains(name))),
            )
        })
    };
    EMOTIONS.iter().enumerate().filter_map(of).collect()
}

/// Whether a message is sarcastic.
pub fn sarcasm(is_so: f32, targets: &mut Targets) {
    targets.push((column(SARCASM_HEAD, 0), is_so));
}

/// Whether its matter presses.
pub fn urgency(is_so: f32, targets: &mut Targets) {
    targets.push((column(URGENCY_HEAD, 0), is_so));
}

/// What a row of a support corpus says: everything but GoEmotions' own labels.
pub fn support(
    sentiment: f32,
    emotions: &[&str],
    is_sarcastic: bool,
    urgency_level: u8,
) -> Targets {
    let mut targets = Targets::new();
    all_of(EMOTION_HEAD, &EMOTIONS, emotions, &mut targets);
    polarity(sentiment, &mut targets);
    sarcasm(f32::from(u8::from(is_sarcastic)), &mut targets);
    urgency(f32::from(u8::from(urgency_level >= 2)), &mut targets);
    targets
}
