"""Compares how laidian reads telephone numbers with libphonenumber: 12 countries, each number in several spellings.

    target/python/bin/python tests/libphonenumber.py target/debug/laidian

Every number is a valid one by libphonenumber. Where the two read it otherwise, DIFFERENCES must say why.
"""

import hashlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

import phonenumbers
from phonenumbers import PhoneNumberFormat as Format
from phonenumbers import PhoneNumberType as Type

COUNTRIES = ["CN", "HK", "TW", "US", "GB", "DE", "IT", "RU", "IN", "BR", "VN", "JP"]
NUMBERS = 90  # of each country, in six spellings
KINDS = [Type.FIXED_LINE, Type.MOBILE, Type.FIXED_LINE_OR_MOBILE]
SIGNATURE = ("2020999", "tests-token-0123456789")

# (country, a pattern of what was typed, why it is read otherwise). None today: a new one is explained here.
DIFFERENCES = []


def numbers(country, dice):
    """Numbers of a country with other last digits than libphonenumber's examples."""
    found = []
    while len(found) < NUMBERS:
        example = phonenumbers.example_number_for_type(country, dice.choice(KINDS))
        if example is None:
            continue
        national = phonenumbers.national_significant_number(example)
        kept = len(national) - dice.randint(4, 6)
        national = national[:kept] + "".join(dice.choice("0123456789") for _ in national[kept:])
        number = phonenumbers.parse(f"+{example.country_code}{national}")
        if phonenumbers.is_valid_number_for_region(number, country):
            found.append(number)
    return found


def spellings(number):
    e164 = phonenumbers.format_number(number, Format.E164)
    national = phonenumbers.format_number(number, Format.NATIONAL)
    yield e164
    yield phonenumbers.format_number(number, Format.INTERNATIONAL)
    yield national
    yield re.sub(r"\D", "", national)
    yield "00" + e164[1:]
    yield e164[1:]


def corpus():
    """Country, text and what libphonenumber makes of it."""
    dice = random.Random(7)
    for country in COUNTRIES:
        for number in numbers(country, dice):
            expected = phonenumbers.format_number(number, Format.E164)
            for text in spellings(number):
                try:
                    read = phonenumbers.parse(text, country)
                except phonenumbers.NumberParseException:
                    continue
                if phonenumbers.format_number(read, Format.E164) == expected:
                    yield country, text, expected


class Server:
    """A server with a company of each country."""

    def __init__(self, program, folder):
        admin = [program, "admin", "--data", folder]
        for company, country in enumerate(COUNTRIES, 1):
            subprocess.run([*admin, "company", str(company), country, "--country", country], check=True, capture_output=True)
            subprocess.run([*admin, "app", "--company", str(company), f"{SIGNATURE[0]}{company}", country, "--token", SIGNATURE[1]],
                           check=True, capture_output=True)
        unlimited = {f"LAIDIAN_LIMITS_{name}": "0" for name in
                     ("CALLS_PER_MINUTE", "FRAMES_PER_SECOND", "OPERATOR_FRAMES_PER_SECOND")}
        self.process = subprocess.Popen([program, "serve", "--data", folder, "--listen", "127.0.0.1:0"], env={**os.environ, **unlimited},
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        address = re.match(r"ready \S+ http://(\S+)/", self.process.stdout.readline())[1]
        self.connection = http.client.HTTPConnection(address, timeout=30)

    def e164(self, country, text):
        app = f"{SIGNATURE[0]}{COUNTRIES.index(country) + 1}"
        now = str(int(time.time()))
        sign = hashlib.sha256(f"{app}&{SIGNATURE[1]}&{now}".encode()).hexdigest()
        query = urllib.parse.urlencode({"number": text, "appid": app, "timestamp": now, "sign": sign})
        self.connection.request("GET", f"/open_api/numbers/get_number?{query}")
        answer = json.loads(self.connection.getresponse().read())
        return answer.get("result", {}).get("e164"), answer

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(sys.argv[1], folder)
        try:
            asked, others = 0, []
            for country, text, expected in corpus():
                asked += 1
                read, answer = server.e164(country, text)
                explained = any(country == of and re.fullmatch(pattern, text) for of, pattern, _ in DIFFERENCES)
                if (read == expected) == explained:
                    others.append((country, text, expected, read, answer if asked < 3 else ""))
            print(f"{asked} 个写法 / spellings, {len(others)} 个不同 / read otherwise")
            for other in others[:40]:
                print(*other)
        finally:
            ended = server.stop()
    sys.exit(bool(others) or asked < 5000 or ended != 0)


if __name__ == "__main__":
    main()
