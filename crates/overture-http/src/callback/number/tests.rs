use super::*;

/// An example of every kind of number of every region, made from another reading of the
/// published metadata: see `tests/numbers/make.py`.
const EXAMPLES: &str = include_str!("../../../../../tests/numbers/examples.tsv");

/// Countries to type a number in, each with what begins a number abroad there. Their trunk
/// prefixes and calling codes are beginnings of other countries' numbers.
const HOMES: [(&str, &str); 12] = [
    ("US", "011"),
    ("DE", "00"),
    ("GB", "00"),
    ("IT", "00"),
    ("RU", "810"),
    ("IN", "00"),
    ("NO", "00"),
    ("DK", "00"),
    ("SG", "001"),
    ("AU", "0011"),
    ("HU", "00"),
    ("JP", "010"),
];

struct Example {
    region: &'static str,
    kind: &'static str,
    national: &'static str,
    international: &'static str,
    e164: &'static str,
}

fn examples() -> Vec<Example> {
    EXAMPLES
        .lines()
        .skip(1)
        .map(|line| {
            let mut fields = line.split('\t');
            let mut next = || {
                fields
                    .next()
                    .expect("every line of the table has every field")
            };
            Example {
                region: next(),
                kind: next(),
                national: next(),
                international: next(),
                e164: next(),
            }
        })
        .collect()
}

fn read(text: &str, country: &str) -> Result<String, NumberProblem> {
    callable(text, Some(country), None).map(|number| number.e164)
}

#[test]
fn every_form_becomes_one_number() {
    for (text, country, expected) in [
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "US", "+442079460018"),
        ("0044 20 7946 0018", "DE", "+442079460018"),
        ("0044 20 7946 0018", "US", "+442079460018"),
        ("+49 30 123456", "US", "+4930123456"),
        ("+49 151 23456789", "US", "+4915123456789"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("1 415 555 2671", "US", "+14155552671"),
        ("011 49 30 123456", "US", "+4930123456"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+33 1 23 45 67 89", "US", "+33123456789"),
        ("+7 812 123-45-67", "RU", "+78121234567"),
        ("8 812 123-45-67", "RU", "+78121234567"),
        ("+7 812 123-45-67", "DE", "+78121234567"),
        ("393 1234567", "IT", "+393931234567"),
        ("+39 06 698 12345", "IT", "+390669812345"),
        ("+39 06 698 12345", "GB", "+390669812345"),
        ("9123456789", "IN", "+919123456789"),
        ("47 12 34 56", "NO", "+4747123456"),
        ("45 12 34 56", "DK", "+4545123456"),
        ("6512 3456", "SG", "+6565123456"),
        ("712 345", "AD", "+376712345"),
        ("201234", "FO", "+298201234"),
        ("\u{200f}+20 10 01234567", "EG", "+201001234567"),
        (
            "\u{0660}\u{0661}\u{0660}\u{0660}\u{0661}\u{0662}\u{0663}\u{0664}\u{0665}\u{0666}\u{0667}",
            "EG",
            "+201001234567",
        ),
    ] {
        assert_eq!(
            read(text, country).as_deref(),
            Ok(expected),
            "{text} in {country}"
        );
    }
}

#[test]
fn what_cannot_be_called_is_refused_and_named() {
    for (text, country, expected) in [
        ("", "DE", NumberProblem::NotANumber),
        ("call me", "DE", NumberProblem::NotANumber),
        ("1-800-FLOWERS", "US", NumberProblem::NotANumber),
        ("030 123456 ext. 7", "DE", NumberProblem::NotANumber),
        ("030 123456 #7", "DE", NumberProblem::NotANumber),
        ("112", "DE", NumberProblem::Short),
        ("911", "US", NumberProblem::Short),
        ("999", "GB", NumberProblem::Short),
        ("+44 999", "GB", NumberProblem::Short),
        ("+49 30", "DE", NumberProblem::Short),
        ("0900 1 234567", "DE", NumberProblem::CannotBeCalled),
        ("0180 1 2345", "DE", NumberProblem::CannotBeCalled),
        ("+1 900 555 0123", "US", NumberProblem::CannotBeCalled),
        ("09012345678", "GB", NumberProblem::CannotBeCalled),
        ("070 1234 5678", "GB", NumberProblem::CannotBeCalled),
        ("+44 70 1234 5678", "DE", NumberProblem::CannotBeCalled),
        ("+881 6 123 45678", "DE", NumberProblem::CannotBeCalled),
        ("+870 773 111 632", "DE", NumberProblem::CannotBeCalled),
        ("+44 20 7946 00180000", "GB", NumberProblem::NotValid),
        ("+1 555 555 5555", "US", NumberProblem::NotValid),
        ("030 123456", "XX", NumberProblem::UnknownCountry),
        ("030 123456", "D", NumberProblem::UnknownCountry),
    ] {
        assert_eq!(read(text, country), Err(expected), "{text} in {country}");
    }
}

#[test]
fn a_number_is_of_a_served_country_or_refused() {
    let of = |served: &[&str], text| {
        let served = served.iter().map(|country| (*country).to_owned()).collect();
        callable(text, Some("DE"), Some(&served)).map(|number| number.country)
    };
    assert_eq!(of(&["DE", "AT"], "+43 1 234567890").as_deref(), Ok("AT"));
    assert_eq!(
        of(&["DE", "AT"], "+33 6 12 34 56 78"),
        Err(NumberProblem::Country)
    );
    assert_eq!(
        of(&["VA"], "+39 312 345 6789").as_deref(),
        Ok("VA"),
        "a mobile number of Italy is one of the Vatican's, too"
    );
    assert_eq!(
        of(&["CA"], "+1 415 555 2671"),
        Err(NumberProblem::Country),
        "California is not in Canada, whatever code they share"
    );
    assert_eq!(of(&[], "030 123456"), Err(NumberProblem::Country));
}

#[test]
fn numbers_of_every_region_and_kind_are_read_in_every_form() {
    let mut wrong: Vec<String> = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    for (place, example) in examples().into_iter().enumerate() {
        let mut forms = vec![(example.region, example.national.to_owned())];
        if !example.e164.is_empty() {
            forms.push((example.region, example.international.to_owned()));
            forms.extend(HOMES.map(|(home, _)| (home, example.e164.to_owned())));
            // Each example in three of the homes: all of them in the many examples.
            for (home, abroad) in HOMES
                .iter()
                .cycle()
                .skip(place % HOMES.len())
                .step_by(5)
                .take(3)
            {
                forms.push((home, example.international.to_owned()));
                forms.push((home, format!("{abroad} {}", &example.international[1..])));
            }
        }
        let expected = match example.kind {
            "fixed" | "mobile" | "toll_free" | "voip" => Ok(example.e164.to_owned()),
            "emergency" => Err(NumberProblem::Short),
            _ => Err(NumberProblem::CannotBeCalled),
        };
        for (home, form) in forms {
            let found = read(&form, home);
            match &found {
                Ok(_) => taken += 1,
                Err(_) => refused += 1,
            }
            if found != expected {
                let (region, kind) = (example.region, example.kind);
                wrong.push(format!("{region} {kind} {form} in {home}: {found:?}"));
            }
        }
    }
    assert!(taken > 15_000 && refused > 7_500, "{taken} {refused}");
    let count = wrong.len();
    wrong.truncate(100);
    assert!(wrong.is_empty(), "{count} wrong:\n{}", wrong.join("\n"));
}

#[test]
fn emergency_numbers_are_not_called_from_abroad_either() {
    for example in examples().iter().filter(|one| one.kind == "emergency") {
        let code = region(example.region)
            .and_then(calling_code)
            .expect("a region of the table");
        let form = format!("+{code} {}", example.national);
        assert!(read(&form, "DE").is_err(), "{form}");
    }
}

#[test]
fn every_region_of_the_examples_is_known_by_its_code() {
    let served: BTreeSet<String> = examples()
        .iter()
        .map(|example| example.region.to_owned())
        .collect();
    assert!(served.len() >= 240, "{}", served.len());
    let known = countries(&served);
    for example in examples().iter().filter(|one| !one.e164.is_empty()) {
        let code = known[example.region];
        assert!(example.e164.starts_with(&format!("+{code}")));
    }
}

#[test]
fn numbers_are_written_as_their_country_writes_them() {
    for example in examples().iter().filter(|one| one.kind == "mobile") {
        assert_eq!(readable(example.e164), example.international);
    }
    assert_eq!(readable("+1"), "+1");
    assert_eq!(country_of("+442079460018").as_deref(), Some("GB"));
    assert_eq!(country_of("+870773111632"), None);
}
