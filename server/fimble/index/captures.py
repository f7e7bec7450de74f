"""What of a syntax tree the index reads, found by one query a language, so that the tree is walked in C."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from fimble.syntax import kinds
from fimble.syntax.languages import Language, grammar
from fimble.syntax.parsed import Parsed

if TYPE_CHECKING:
    import tree_sitter

MORE_CLASSES = kinds.named(
    """type_spec type_alias type_alias_declaration type_definition type_item enum_specifier union_specifier union_item
    class_implementation create_table create_view create_type"""
)
"""Types that are defined without being what ``syntax.kinds`` calls a class."""
MORE_FUNCTIONS = kinds.named("macro_definition preproc_function_def create_function")
_MAX_DEPTH = 800
"""Of the nodes that are looked at: a query takes longer for a node that lies deeper."""
_FUNCTION_VALUES = "[(arrow_function) (function_expression) (generator_function)]"
_DEFINITIONS = (
    *(f"({kind}) @definition" for kind in sorted(kinds.FUNCTIONS | kinds.CLASSES | MORE_CLASSES | MORE_FUNCTIONS)),
    *(f"({kind} value: {_FUNCTION_VALUES}) @definition" for kind in ("variable_declarator", "pair")),
    *(f"({kind} value: (arrow_function)) @definition" for kind in ("public_field_definition", "field_definition")),
    f"(assignment_expression right: {_FUNCTION_VALUES}) @definition",
    "(assignment_statement (expression_list (function_definition))) @definition",
    "(declaration declarator: (function_declarator)) @definition",
    "(declaration declarator: (pointer_declarator)) @definition",
    "(declaration declarator: (reference_declarator)) @definition",
    "(field_declaration declarator: (function_declarator)) @definition",
)
_IDENTIFIERS = (
    "identifier", "property_identifier", "field_identifier", "type_identifier", "simple_identifier", "constant",
    "name", "namespace_identifier", "shorthand_property_identifier", "shorthand_field_identifier", "command_name",
)  # fmt: skip
_DECORATORS = ("decorator", "attribute_item", "template_parameter_list")
_IMPORTS = (
    "import_statement", "import_from_statement", "future_import_statement", "import_declaration", "import_header",
    "import", "use_declaration", "preproc_include", "using_directive", "namespace_use_declaration", "using_declaration",
    "package_clause", "package_declaration", "package_header",
)  # fmt: skip
_REQUIRES = (
    "(variable_declarator value: (call_expression function: (identifier) @_f)) @require",
    "(export_statement source: (string)) @require",
    "(call method: (identifier) @_f) @require",
    "(mod_item !body) @require",
)
_BASES = (
    "(class_definition superclasses: (argument_list [(identifier) @base (attribute attribute: (identifier) @base)]))",
    "(class_definition superclasses: (argument_list (subscript value: (identifier) @base)))",
    "(class_heritage (identifier) @base)",
    "(extends_clause value: (identifier) @base)",
    "(extends_clause type: (type_identifier) @base)",
    "(extends_clause type: (generic_type (type_identifier) @base))",
    "(implements_clause (type_identifier) @base)",
    "(implements_clause (generic_type name: (type_identifier) @base))",
    "(extends_type_clause (type_identifier) @base)",
    "(superclass (type_identifier) @base)",
    "(superclass (generic_type (type_identifier) @base))",
    "(super_interfaces (type_list (type_identifier) @base))",
    "(super_interfaces (type_list (generic_type (type_identifier) @base)))",
    "(extends_interfaces (type_list (type_identifier) @base))",
    "(base_class_clause (type_identifier) @base)",
    "(base_class_clause (qualified_identifier name: (type_identifier) @base))",
    "(base_list (identifier) @base)",
    "(base_list (generic_name (identifier) @base))",
    "(impl_item trait: (type_identifier) @base)",
    "(impl_item trait: (scoped_type_identifier name: (type_identifier) @base))",
    "(superclass (constant) @base)",
    "(base_clause (name) @base)",
    "(class_interface_clause (name) @base)",
    "(delegation_specifier (user_type (identifier) @base))",
    "(constructor_invocation (user_type (identifier) @base))",
    "(inheritance_specifier (user_type (type_identifier) @base))",
)
_EMBEDDED = (
    "(field_declaration !name type: (type_identifier) @base)",
    "(field_declaration !name type: (qualified_type name: (type_identifier) @base))",
)
"""Go's; elsewhere it says something else."""
_BOUND = (
    # Python
    "(parameters (identifier) @bound)", "(typed_parameter . (identifier) @bound)",
    "(default_parameter name: (identifier) @bound)", "(typed_default_parameter name: (identifier) @bound)",
    "(list_splat_pattern (identifier) @bound)", "(dictionary_splat_pattern (identifier) @bound)",
    "(lambda_parameters (identifier) @bound)", "(assignment left: (identifier) @bound)",
    "(pattern_list (identifier) @bound)", "(tuple_pattern (identifier) @bound)", "(list_pattern (identifier) @bound)",
    "(for_statement left: (identifier) @bound)", "(for_in_clause left: (identifier) @bound)",
    "(as_pattern_target (identifier) @bound)", "(named_expression name: (identifier) @bound)",
    "(keyword_argument name: (identifier) @skipped)",
    # JavaScript and TypeScript
    "(variable_declarator name: (identifier) @bound)", "(formal_parameters (identifier) @bound)",
    "(required_parameter pattern: (identifier) @bound)", "(optional_parameter pattern: (identifier) @bound)",
    "(arrow_function parameter: (identifier) @bound)", "(array_pattern (identifier) @bound)",
    "(shorthand_property_identifier_pattern) @bound", "(pair_pattern value: (identifier) @bound)",
    "(for_in_statement left: (identifier) @bound)", "(catch_clause parameter: (identifier) @bound)",
    "(assignment_pattern left: (identifier) @bound)", "(rest_pattern (identifier) @bound)",
    "(pair key: (property_identifier) @skipped)", "(jsx_attribute (property_identifier) @skipped)",
    # Go
    "(short_var_declaration left: (expression_list (identifier) @bound))",
    "(parameter_declaration name: (identifier) @bound)", "(var_spec name: (identifier) @bound)",
    "(const_spec name: (identifier) @bound)", "(range_clause left: (expression_list (identifier) @bound))",
    "(keyed_element . (literal_element (identifier) @skipped))",
    "(field_declaration name: (field_identifier) @skipped)",
    # Java, C# and Kotlin
    "(formal_parameter name: (identifier) @bound)", "(catch_formal_parameter name: (identifier) @bound)",
    "(enhanced_for_statement name: (identifier) @bound)", "(inferred_parameters (identifier) @bound)",
    "(lambda_expression parameters: (identifier) @bound)", "(resource name: (identifier) @bound)",
    "(parameter name: (identifier) @bound)", "(foreach_statement left: (identifier) @bound)",
    "(parameter . (identifier) @bound)", "(variable_declaration . (identifier) @bound)",
    # Rust
    "(let_declaration pattern: (identifier) @bound)", "(parameter pattern: (identifier) @bound)",
    "(closure_parameters (identifier) @bound)", "(for_expression pattern: (identifier) @bound)",
    "(field_initializer field: (field_identifier) @skipped)",
    # C and C++
    "(field_declaration declarator: (field_identifier) @skipped)",
    "(parameter_declaration declarator: (identifier) @bound)", "(init_declarator declarator: (identifier) @bound)",
    "(declaration declarator: (identifier) @bound)", "(pointer_declarator declarator: (identifier) @bound)",
    "(array_declarator declarator: (identifier) @bound)", "(reference_declarator (identifier) @bound)",
    # Ruby, PHP, Lua, Swift
    "(method_parameters (identifier) @bound)", "(block_parameters (identifier) @bound)",
    "(optional_parameter name: (identifier) @bound)", "(keyword_parameter name: (identifier) @bound)",
    "(variable_name (name) @skipped)", "(variable_list (identifier) @bound)",
    "(parameter name: (simple_identifier) @bound)", "(pattern bound_identifier: (simple_identifier) @bound)",
)  # fmt: skip
"""What gives a name a meaning of its own in the code around it; ``skipped`` is a name that means nothing by itself."""


@dataclass(frozen=True, slots=True)
class Captures:
    """The nodes of a tree by what they are to the index; each list in the order of the text."""

    definitions: list[tree_sitter.Node] = field(default_factory=list)
    decorators: list[tree_sitter.Node] = field(default_factory=list)
    comments: list[tree_sitter.Node] = field(default_factory=list)
    imports: list[tree_sitter.Node] = field(default_factory=list)
    requires: list[tree_sitter.Node] = field(default_factory=list)
    """What may be an import though it does not look like one to the grammar."""
    errors: list[tree_sitter.Node] = field(default_factory=list)
    identifiers: list[tree_sitter.Node] = field(default_factory=list)
    bases: list[tree_sitter.Node] = field(default_factory=list)
    bound: list[tree_sitter.Node] = field(default_factory=list)
    skipped: list[tree_sitter.Node] = field(default_factory=list)


def capture(parsed: Parsed) -> Captures:
    """Those of the whole tree, its deepest places left aside."""
    import tree_sitter

    query = _query(parsed.language)
    if query is None:
        return Captures()
    cursor = tree_sitter.QueryCursor(query)
    cursor.set_max_start_depth(_MAX_DEPTH)
    found = cursor.captures(parsed.tree.root_node)
    names = (
        "definition", "decorator", "comment", "import", "require", "error", "identifier", "base", "bound", "skipped",
    )  # fmt: skip
    return Captures(*(found.get(name, []) for name in names))


@cache
def _query(language: Language) -> tree_sitter.Query | None:
    import tree_sitter

    known = grammar(language)
    if known is None:
        return None
    patterns = [
        *_DEFINITIONS,
        *(f"({kind}) @identifier" for kind in _IDENTIFIERS),
        *(f"({kind}) @decorator" for kind in _DECORATORS),
        *(f"({kind}) @comment" for kind in sorted(language.comments)),
        *(f"({kind}) @import" for kind in _IMPORTS),
        *_REQUIRES, *_BASES, *_BOUND, "(ERROR) @error",
        *(_EMBEDDED if language.name == "go" else ()),
    ]  # fmt: skip
    fitting = []
    for pattern in patterns:
        try:
            tree_sitter.Query(known, pattern)
        except tree_sitter.QueryError:
            continue
        fitting.append(pattern)
    return tree_sitter.Query(known, "\n".join(fitting))
