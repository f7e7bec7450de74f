"""What shows that an import is used, where its own name does not."""

from __future__ import annotations

TELLING = {
    "stdio.h": r"\w*(?:printf|scanf|puts|gets)|getchar|putchar|FILE|f(?:open|close|read|write)|std(?:in|out|err)",
    "iostream": r"c(?:out|in|err|log)|[io]stream|endl",
    "System": r"Math|Console|Array|Tuple|Func|Action|\w*Exception|String|Convert|DateTime|Random|Environment|Guid"
    r"|TimeSpan|IDisposable|IComparable|Lazy|Predicate|Nullable|Span|BitConverter|Uri|StringComparison",
    "System.Collections.Generic": r"I?(?:List|Dictionary|Set|HashSet|SortedSet|SortedDictionary|SortedList|Queue|Stack"
    r"|LinkedList|PriorityQueue|Enumerable|Enumerator|Collection|KeyValuePair|Comparer|EqualityComparer"
    r"|ReadOnlyList|ReadOnlyDictionary)",
    "System.Linq": r"(?<!Math\.)(?<=\.)(?:Select|SelectMany|Where|OrderBy|OrderByDescending|ThenBy|GroupBy|Sum|Any|All"
    r"|First|Last|Single|Aggregate|Take|Skip|Distinct|Average|Count|Max|Min|Zip|ToList|ToArray|ToDictionary|ToHashSet"
    r"|FirstOrDefault|LastOrDefault|SingleOrDefault|Reverse|Concat|Union|Intersect|Except|SequenceEqual|Cast|OfType"
    r"|TakeWhile|SkipWhile|Contains|Append|Prepend|Chunk|MaxBy|MinBy)(?=\s*[(<])|Enumerable|from \w+ in",
    "System.Text": r"StringBuilder|Encoding|Rune",
    "System.Text.RegularExpressions": r"Regex|Match|MatchCollection|RegexOptions",
    "System.IO": r"File|Path|Directory|\w*Stream|\w*Reader|\w*Writer|IOException|FileInfo",
    "System.Threading": r"Thread|Monitor|Interlocked|CancellationToken\w*|Semaphore\w*|Timer|Mutex",
    "System.Threading.Tasks": r"Task|ValueTask|Parallel",
    "System.Globalization": r"CultureInfo|NumberStyles|DateTimeStyles",
    "System.Diagnostics": r"Debug|Stopwatch|Process|Trace",
    "System.Net.Http": r"HttpClient|HttpRequestMessage|HttpResponseMessage|HttpMethod",
    "System.Collections": r"ArrayList|Hashtable|IEnumerator|IEnumerable|BitArray|IList|ICollection",
}
"""What is imported -> words of code that needs it."""
UNKNOWABLE = frozenset(["c", "cpp", "csharp", "swift"])
"""Languages whose imports do not name what they give; what is not in ``TELLING`` is taken to be used."""
