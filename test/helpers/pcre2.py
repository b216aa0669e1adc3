"""What PCRE2 itself finds, for the tests of the translation: lines of JSON {pattern, options, subject} (Latin-1) in, the start of the
match, -1 or "refused" out. Exits with 3 where the library is missing."""

import ctypes
import json
import sys

try:
    lib = ctypes.CDLL("libpcre2-8.so.0")
except OSError:
    sys.exit(3)

OPTIONS = {"i": 0x8, "m": 0x400, "s": 0x20, "x": 0x80, "dollarEndOnly": 0x10}
# an optimisation of 10.42 that takes \N and \R for strangers to each other: it misses \N?\R in a lone \r
NO_AUTO_POSSESS = 0x4000

lib.pcre2_compile_8.restype = ctypes.c_void_p
lib.pcre2_compile_8.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
lib.pcre2_code_free_8.argtypes = [ctypes.c_void_p]
lib.pcre2_match_data_create_8.restype = ctypes.c_void_p
lib.pcre2_match_data_create_8.argtypes = [ctypes.c_uint32, ctypes.c_void_p]
lib.pcre2_match_8.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p]
lib.pcre2_get_ovector_pointer_8.restype = ctypes.POINTER(ctypes.c_size_t)
lib.pcre2_get_ovector_pointer_8.argtypes = [ctypes.c_void_p]
data = lib.pcre2_match_data_create_8(64, None)


def find(question):
    pattern = question["pattern"].encode("latin-1")
    subject = question["subject"].encode("latin-1")
    options = NO_AUTO_POSSESS
    for name, on in question["options"].items():
        options |= OPTIONS[name] if on else 0
    error, offset = ctypes.c_int(), ctypes.c_size_t()
    code = lib.pcre2_compile_8(pattern, len(pattern), options, ctypes.byref(error), ctypes.byref(offset), None)
    if not code:
        return "refused"
    found = lib.pcre2_match_8(code, subject, len(subject), 0, 0, data, None)
    start = lib.pcre2_get_ovector_pointer_8(data)[0] if found >= 0 else -1
    lib.pcre2_code_free_8(code)
    return start if found >= -1 else "undecided"


for line in sys.stdin:
    print(json.dumps(find(json.loads(line))))
