"""Writes examples.tsv: an example of every kind of number of every region, from Google's metadata.

It is the independent judge of the numbers that callbacks are made to. To make it again, in any
private environment: pip install phonenumbers==9.0.43 && python tests/numbers/make.py
"""

import re
from pathlib import Path

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "company",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


def rows_of(region):
    for kind, name in KINDS.items():
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        assert phonenumbers.parse(national, region) == number, (region, national)
        assert phonenumbers.parse(international) == number, (region, international)
        yield region, name, national, international, e164
    for text in emergencies(region):
        yield region, "emergency", text, "", ""


def emergencies(region):
    """Every emergency number of a region."""
    metadata = PhoneMetadata.short_metadata_for_region(region)
    emergency = metadata and metadata.emergency
    if not emergency or not emergency.national_number_pattern:
        return
    pattern = re.compile(emergency.national_number_pattern)
    for length in emergency.possible_length:
        for number in range(10**length):
            text = f"{number:0{length}d}"
            if pattern.fullmatch(text):
                yield text


def main():
    lines = ["\t".join(row) for region in sorted(phonenumbers.SUPPORTED_REGIONS) for row in rows_of(region)]
    path = Path(__file__).with_name("examples.tsv")
    path.write_text("region\tkind\tnational\tinternational\te164\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
