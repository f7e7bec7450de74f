"""What standard libraries give under names that have to be imported: a table for each language, and nothing else.

A language joins with an entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Library:
    """How code reads what a language's standard library gives."""

    query: str
    """Of tree-sitter: ``@read`` are the places where such a name is read (where it stands anywhere else, it is
    somebody's own), ``@path`` those that bring a name without saying it: the last of the path."""
    names: dict[str, str]
    """Name -> the statement that brings it. ``name.member`` goes first where that member is read of it."""
    everything: str = ""
    """What brings all that stands beside ``{}``, which is a statement up to its last name; empty without such."""


def _statements(form: str, listed: str) -> Iterator[tuple[str, str]]:
    """Each name with its statement: ``listed`` has a line a place, which is what comes before the names on it."""
    for line in listed.strip().splitlines():
        place, _, names = line.strip().partition(": ")
        for name in names.split():
            yield name, form.format(place=place, name=name)


def _go_packages(paths: str) -> Iterator[tuple[str, str]]:
    for path in paths.split():
        yield path.rpartition("/")[2], f'import "{path}"'


LIBRARIES = {
    "go": Library(
        """(selector_expression operand: (identifier) @read) (qualified_type package: (package_identifier) @read)
        (import_spec !name path: (_) @path)""",
        {
            **dict(
                _go_packages(
                    """archive/tar archive/zip bufio bytes cmp compress/gzip compress/zlib container/heap
                    container/list container/ring context crypto/aes crypto/cipher crypto/ecdsa crypto/ed25519
                    crypto/elliptic crypto/hmac crypto/md5 crypto/rsa crypto/sha1 crypto/sha256 crypto/sha512
                    crypto/subtle crypto/tls crypto/x509 database/sql embed encoding/ascii85 encoding/base32
                    encoding/base64 encoding/binary encoding/csv encoding/gob encoding/hex encoding/json encoding/pem
                    encoding/xml errors expvar flag fmt hash/adler32 hash/crc32 hash/crc64 hash/fnv hash/maphash html
                    html/template image image/color image/draw image/gif image/jpeg image/png io io/fs io/ioutil iter
                    log log/slog maps math math/big math/bits math/cmplx math/rand mime mime/multipart net net/http
                    net/http/httptest net/mail net/netip net/smtp net/textproto net/url os os/exec os/signal os/user
                    path path/filepath reflect regexp runtime runtime/debug runtime/pprof slices sort strconv strings
                    sync sync/atomic syscall testing testing/fstest testing/iotest testing/quick text/tabwriter
                    text/template time unicode unicode/utf16 unicode/utf8 unsafe"""
                )
            ),
            "rand.Reader": 'import "crypto/rand"',
            "rand.Prime": 'import "crypto/rand"',
            "template.HTML": 'import "html/template"',
        },
    ),
    "java": Library(
        """(_ type: (type_identifier) @read) (generic_type (type_identifier) @read)
        (type_arguments (type_identifier) @read) (catch_type (type_identifier) @read)
        (array_type element: (type_identifier) @read) (throws (type_identifier) @read)
        (method_invocation object: (identifier) @read) (field_access object: (identifier) @read)
        (method_reference (identifier) @read) (wildcard (type_identifier) @read)""",
        dict(
            _statements(
                "import {place}.{name};",
                """
                java.io: BufferedReader BufferedWriter File FileReader FileWriter IOException InputStream
                java.io: InputStreamReader OutputStream PrintWriter StringReader UncheckedIOException
                java.math: BigDecimal BigInteger
                java.nio.charset: StandardCharsets
                java.nio.file: Files Path Paths
                java.time: Duration Instant LocalDate LocalDateTime LocalTime
                java.util: ArrayDeque ArrayList Arrays Collection Collections Comparator Deque EnumMap HashMap HashSet
                java.util: Iterator LinkedHashMap LinkedHashSet LinkedList List Map NoSuchElementException Objects
                java.util: Optional OptionalInt PriorityQueue Queue Random Scanner Set StringJoiner TreeMap TreeSet UUID
                java.util.concurrent: CompletableFuture ConcurrentHashMap ExecutorService Executors TimeUnit
                java.util.concurrent.atomic: AtomicInteger AtomicLong
                java.util.function: BiFunction BinaryOperator Consumer Function Predicate Supplier UnaryOperator
                java.util.regex: Matcher Pattern
                java.util.stream: Collectors IntStream Stream
                """,
            )
        ),
        "{}.*;",
    ),
    "rust": Library(
        """(_ type: (type_identifier) @read) (function_item return_type: (type_identifier) @read)
        (type_arguments (type_identifier) @read) (reference_type type: (type_identifier) @read)
        (scoped_identifier path: (identifier) @read) (scoped_type_identifier path: (identifier) @read)""",
        dict(
            _statements(
                "use {place}::{name};",
                """
                std::cell: Cell RefCell
                std::collections: BTreeMap BTreeSet BinaryHeap HashMap HashSet VecDeque
                std::path: Path PathBuf
                std::rc: Rc
                std::sync: Arc Mutex RwLock
                std::time: Duration Instant
                std: cmp env fmt fs io iter mem process thread
                """,
            )
        ),
        "{}::*;",
    ),
}

HEADERS = {
    name: header
    for header, names in {
        "algorithm": """all_of any_of binary_search clamp copy copy_if count count_if equal fill fill_n find find_if
            for_each generate is_sorted lower_bound max max_element merge min min_element minmax next_permutation
            none_of nth_element partial_sort partition prev_permutation remove remove_if replace replace_if reverse
            rotate set_difference set_intersection set_union shuffle sort stable_sort swap_ranges transform unique
            upper_bound""",
        "cctype": "isalnum isalpha isdigit islower ispunct isspace isupper isxdigit tolower toupper",
        "climits": "CHAR_BIT INT_MAX INT_MIN LLONG_MAX LLONG_MIN LONG_MAX LONG_MIN UINT_MAX",
        "cmath": """abs acos asin atan atan2 cbrt ceil cos exp fabs floor fmod hypot isinf isnan log log10 log2 lround
            pow round sin sqrt tan trunc""",
        "cstdlib": "abort atof atoi exit free getenv malloc rand realloc srand",
        "cstring": "memcmp memcpy memset strchr strcmp strcpy strlen strncmp strstr",
        "iterator": "advance back_inserter distance istream_iterator next ostream_iterator prev",
        "numeric": "accumulate adjacent_difference gcd inner_product iota lcm partial_sum reduce",
        "stdexcept": "domain_error invalid_argument length_error logic_error out_of_range runtime_error",
    }.items()
    for name in names.split()
}
"""C++: name -> the header that has it, for those that compilers do not tell."""
