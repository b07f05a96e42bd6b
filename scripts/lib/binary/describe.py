"""Prints as JSON what a binary says about itself; judging is done elsewhere."""
import hashlib
import json
import sys

import lief


def elf(binary, _):
    needed = sorted(str(name) for name in binary.libraries)
    versions = sorted({entry.name for needs in binary.symbols_version_requirement for entry in needs.get_auxiliary_symbols()})
    dynamic = list(binary.dynamic_symbols)
    return {
        "format": "elf",
        "cpu": {"X86_64": "x64", "AARCH64": "arm64"}.get(binary.header.machine_type.name),
        "libraries": {name: [] for name in needed},
        "versions": versions,
        "imports": sorted({s.name for s in dynamic if s.name and s.shndx == 0 and s.binding.name != "WEAK"}),
        "exports": sorted({s.name for s in dynamic if s.name and s.shndx != 0 and s.binding.name != "LOCAL"}),
        "search_paths": [str(e) for e in binary.dynamic_entries if e.tag.name in ("RPATH", "RUNPATH")],
        "executable_stack": any(s.type.name == "GNU_STACK" and int(s.flags) & 1 for s in binary.segments),
        "text_relocations": any(e.tag.name == "TEXTREL" for e in binary.dynamic_entries),
        "read_only_relocations": any(s.type.name == "GNU_RELRO" for s in binary.segments),
    }


def pe(binary, _):
    return {
        "format": "pe",
        "cpu": {"AMD64": "x64", "ARM64": "arm64"}.get(binary.header.machine.name),
        "libraries": {lib.name: sorted(entry.name for entry in lib.entries) for lib in binary.imports},
        "delayed": sorted(lib.name for lib in binary.delay_imports),
        "exports": sorted(entry.name for entry in binary.get_export().entries),
        "moves": binary.is_pie,
        "no_execute": binary.has_nx,
        "debug_file": getattr(binary.codeview_pdb, "filename", None),
    }


def macho(binary, content):
    def library_of(symbol):
        info = symbol.binding_info if symbol.has_binding_info else None
        return info.library.name if info and info.has_library else None

    version = binary.build_version
    libraries = {}
    for symbol in binary.imported_symbols:
        libraries.setdefault(str(library_of(symbol)), []).append(symbol.name)
    ids = [command.name for command in binary.libraries if command.command.name == "ID_DYLIB"]
    return {
        "format": "macho",
        "cpu": {"X86_64": "x64", "ARM64": "arm64"}.get(binary.header.cpu_type.name),
        "needed": sorted(l.name for l in binary.libraries if l.command.name != "ID_DYLIB"),
        "libraries": {name: sorted(set(symbols)) for name, symbols in libraries.items()},
        "exports": sorted(symbol.name for symbol in binary.exported_symbols),
        "name": ids[0] if ids else None,
        "search_paths": [rpath.path for rpath in binary.rpaths],
        "oldest_system": ".".join(str(n) for n in version.minos[:2]) if version else None,
        "signature": signature(binary, content),
    }


def signature(binary, content):
    """Whether every page has the hash that the code directory gives; None without a signature."""
    if not binary.has_code_signature:
        return None
    start = binary.code_signature.data_offset
    blob = content[start:start + binary.code_signature.data_size]
    number = lambda at, size=4: int.from_bytes(blob[at:at + size], "big")
    if number(0) != 0xFADE0CC0:
        return "is no signature"
    for slot in range(number(8)):
        at = number(12 + 8 * slot + 4)
        if number(at) == 0xFADE0C02:
            return pages(blob[at:at + number(at + 4)], content, start)
    return "has no code directory"


def pages(directory, content, start):
    number = lambda at, size=4: int.from_bytes(directory[at:at + size], "big")
    hashes, slots, limit = number(16), number(28), number(32)
    size, kind, page = directory[36], directory[37], 1 << directory[39]
    if kind != 2 or size != 32:
        return "is not by SHA-256"
    if limit != start or slots != -(-limit // page):
        return "does not cover the file"
    for slot in range(slots):
        found = hashlib.sha256(content[slot * page:min((slot + 1) * page, limit)]).digest()
        if found != directory[hashes + 32 * slot:hashes + 32 * (slot + 1)]:
            return f"page {slot} has another hash"
    return "good"


path = sys.argv[1]
with open(path, "rb") as file:
    bytes_of_file = file.read()
parsed = lief.parse(path)
if isinstance(parsed, lief.MachO.FatBinary):
    parsed = parsed.at(0)
kinds = {lief.ELF.Binary: elf, lief.PE.Binary: pe, lief.MachO.Binary: macho}
if type(parsed) not in kinds:
    sys.exit(f"{path} is no binary of Linux, macOS or Windows")
print(json.dumps(kinds[type(parsed)](parsed, bytes_of_file)))
