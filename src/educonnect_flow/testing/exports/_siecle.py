"""Files of SIECLE, made up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from attrs import evolve

from educonnect_flow.testing.exports._made import IN_CHARGE, LEGAL, OLD_KINSHIP, MadePerson, MadeSchool, Quirk
from educonnect_flow.testing.exports._writing import french, write, zipped_


def write_siecle(
    folder: Path,
    school: MadeSchool,
    *,
    version: str = "2.1",
    encoding: str = "ISO-8859-15",
    zipped: bool = False,
    addresses: bool = False,
    exported: str | None = None,
) -> list[Path]:
    """``ResponsablesAvecAdresses.xml``, of version 1.8 or 2.1, and ``ElevesSansAdresses.xml``.

    :param addresses: ``ElevesAvecAdresses.xml`` instead of the latter.
    :param exported: the day on which they were made, ``23/11/2026``.
    """
    guardians = folder / "ResponsablesAvecAdresses.xml"
    pupils = folder / ("ElevesAvecAdresses.xml" if addresses else "ElevesSansAdresses.xml")
    day = exported or f"23/11/{school.year}"
    write(guardians, _siecle_guardians(school, version, encoding, day), encoding)
    write(pupils, _siecle_pupils(school, encoding, day, addresses=addresses), encoding)
    paths = [guardians, pupils]
    if Quirk.WINDOWS in school.quirks and encoding.upper().startswith("ISO"):
        for path in paths:  # an apostrophe as Windows has it, where the set has a control character
            path.write_bytes(path.read_bytes().replace(b"&#8217;", b"\x92"))
    mac = Quirk.BESIDE in school.quirks
    paths = [zipped_(path, mac=mac) if zipped else path for path in paths]
    for root in ("BEE_NOMENCLATURES", "BEE_STRUCTURES") if mac else ():
        paths.append(folder / f"{root.removeprefix('BEE_').capitalize()}.xml")
        write(paths[-1], [*_head(root, "1.0", encoding, school, day), f"</DONNEES>\n</{root}>\n"], encoding)
    return paths


def _head(root: str, version: str, encoding: str, school: MadeSchool, day: str) -> str:
    long = Quirk.LONG_YEAR in school.quirks
    uai, year = (school.uai.lower(), f"{school.year}-{school.year + 1}") if long else (school.uai, school.year)
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<{root} VERSION="{version}">\n<PARAMETRES>\n<UAJ>{uai}</UAJ>\n'
        f"<ANNEE_SCOLAIRE>{year}</ANNEE_SCOLAIRE>\n<DATE_EXPORT>{day}</DATE_EXPORT>\n"
        f"<HORODATAGE>{day} 08:00:00</HORODATAGE>\n</PARAMETRES>\n<DONNEES>\n"
    )


def _element(name: str, value: str | None) -> str:
    return f"<{name}>{escape(value)}</{name}>\n" if value else ""


def _addresses(numbers: Iterable[int]) -> Iterator[str]:
    yield "<ADRESSES>\n"
    for number in numbers:
        yield (
            f'<ADRESSE ADRESSE_ID="{number}">\n<LIGNE1_ADRESSE>{number} RUE DES ÉCOLES</LIGNE1_ADRESSE>\n<LIGNE2_ADRESSE/>\n'
            "<LIGNE3_ADRESSE/>\n<LIGNE4_ADRESSE/>\n<CODE_POSTAL>75000</CODE_POSTAL>\n<LL_PAYS>FRANCE</LL_PAYS>\n"
            "<CODE_DEPARTEMENT>075</CODE_DEPARTEMENT>\n<LIBELLE_POSTAL>PARIS</LIBELLE_POSTAL>\n</ADRESSE>\n"
        )
    yield "</ADRESSES>\n"


def _siecle_guardians(school: MadeSchool, version: str, encoding: str, day: str) -> Iterator[str]:
    old, sparse = version == "1.8", Quirk.SPARSE in school.quirks
    yield _head("BEE_RESPONSABLES", version, encoding, school, day)
    yield from _addresses(person.number for person in school.persons)
    yield "<PERSONNES>\n"
    for person in school.persons:
        yield from _person(person, school, old=old, sparse=sparse)
        if person.again:
            yield from _person(evolve(person, given_name=person.again), school, old=old, sparse=sparse)
    yield "</PERSONNES>\n<RESPONSABLES>\n"
    for number, link in enumerate(school.links):
        yield f"<RESPONSABLE_ELEVE>\n<ELEVE_ID>{link.pupil}</ELEVE_ID>\n<PERSONNE_ID>{link.person}</PERSONNE_ID>\n"
        if link.malformed:
            yield "<CODE_PARENTE>20</CODE_PARENTE>\n<PERS_CONTACT>1</PERS_CONTACT>\n</RESPONSABLE_ELEVE>\n"
            continue
        # An old file cannot say who is in charge; of some it does, as a newer one.
        if old and link.relation is not IN_CHARGE and not (Quirk.MIXED_LEVELS in school.quirks and number % 7 == 0):
            second = "1" if Quirk.MIXED_LEVELS in school.quirks or link.person % 10 == 0 else "2"
            kinship = OLD_KINSHIP[link.kinship]
            yield f"<CODE_PARENTE>{kinship}</CODE_PARENTE>\n<RESP_LEGAL>{'0' if link.relation is None else second}</RESP_LEGAL>\n"
            yield "<RESP_FINANCIER>1</RESP_FINANCIER>\n<PERS_CONTACT>1</PERS_CONTACT>\n<PERS_PAIEMENT>0</PERS_PAIEMENT>\n"
        else:
            level = {LEGAL: "1", IN_CHARGE: "2", None: "3"}[link.relation]
            yield f"<CODE_PARENTE>{link.kinship}</CODE_PARENTE>\n<NIVEAU_RESPONSABILITE>{level}</NIVEAU_RESPONSABILITE>\n"
            yield "<PAIE_FRAIS_SCOLAIRES>1</PAIE_FRAIS_SCOLAIRES>\n<HEBERGE_ELEVE>true</HEBERGE_ELEVE>\n"
            yield "<PERCOIT_LES_AIDES>false</PERCOIT_LES_AIDES>\n<A_CONTACTER_EN_PRIORITE>true</A_CONTACTER_EN_PRIORITE>\n"
        yield "</RESPONSABLE_ELEVE>\n"
    yield "</RESPONSABLES>\n</DONNEES>\n</BEE_RESPONSABLES>\n"


def _person(person: MadePerson, school: MadeSchool, *, old: bool, sparse: bool) -> Iterator[str]:
    yield f'<PERSONNE PERSONNE_ID="{person.number}">\n'
    if not sparse or person.number % 3:
        civility = "MLLE" if Quirk.OLD_NAMES in school.quirks and person.number % 5 == 0 else "MME"
        yield _element("LC_CIVILITE", civility) + _element("LL_CIVILITE", "MADAME")
    yield _element("NOM" if old else "NOM_DE_FAMILLE", person.family_name)
    yield _element("NOM_USAGE", person.usage_name) + _element("PRENOM", person.given_name)
    yield _element("TEL_PERSONNEL", person.home) or "<TEL_PERSONNEL/>\n"
    # An empty element, or none: both are a missing number.
    yield _element("TEL_PORTABLE", person.mobile) or ("" if person.mobile is None else "<TEL_PORTABLE/>\n")
    if not sparse or person.number % 4:
        yield "<TEL_PROFESSIONNEL/>\n<MEL>personne@exemple.invalid</MEL>\n<ACCEPTE_SMS>1</ACCEPTE_SMS>\n"
        yield _element("ADRESSE_ID", str(person.number)) + "<CODE_PROFESSION>99</CODE_PROFESSION>\n"
        yield "<COMMUNICATION_ADRESSE>1</COMMUNICATION_ADRESSE>\n"
    yield "</PERSONNE>\n"


def _siecle_pupils(school: MadeSchool, encoding: str, day: str, *, addresses: bool) -> Iterator[str]:
    sparse = Quirk.SPARSE in school.quirks
    yield _head("BEE_ELEVES", "4.0", encoding, school, day)
    if addresses:
        yield from _addresses(pupil.number for pupil in school.pupils)
    yield "<ELEVES>\n"
    for pupil in school.pupils:
        yield f'<ELEVE ELEVE_ID="{pupil.number}"'
        yield ">\n" if sparse and pupil.number % 3 else f' ELENOET="{pupil.number % 10_000}">\n'
        yield _element("ID_NATIONAL", f"{pupil.number:09}AA") + _element("NOM_DE_FAMILLE", pupil.family_name)
        yield _element("PRENOM", pupil.given_name) + _element("PRENOM2", "Camille" if pupil.number % 2 else None)
        yield _element("DATE_NAISS", french(pupil.born))
        if not sparse or pupil.number % 4:
            yield "<CODE_SEXE>1</CODE_SEXE>\n<CODE_PAYS>100</CODE_PAYS>\n<DOUBLEMENT>0</DOUBLEMENT>\n<CODE_REGIME>2</CODE_REGIME>\n"
            yield f"<DATE_ENTREE>01/09/{school.year}</DATE_ENTREE>\n<VILLE_NAISS/>\n<ADHESION_TRANSPORT>false</ADHESION_TRANSPORT>\n"
        yield _element("TEL_PORTABLE", pupil.mobile)
        if pupil.left:
            yield f"<DATE_SORTIE>{pupil.left:%d/%m/%Y}</DATE_SORTIE>\n<CODE_MOTIF_SORTIE>110</CODE_MOTIF_SORTIE>\n"
        yield "<SCOLARITE_AN_DERNIER>\n<CODE_STRUCTURE>6A</CODE_STRUCTURE>\n<CODE_RNE>0759999Z</CODE_RNE>\n</SCOLARITE_AN_DERNIER>\n"
        yield "</ELEVE>\n"
    yield "</ELEVES>\n<STRUCTURES>\n"
    for pupil in school.pupils:
        yield f'<STRUCTURES_ELEVE ELEVE_ID="{pupil.number}">\n<STRUCTURE>\n<CODE_STRUCTURE>6A</CODE_STRUCTURE>\n'
        yield "<TYPE_STRUCTURE>D</TYPE_STRUCTURE>\n</STRUCTURE>\n</STRUCTURES_ELEVE>\n"
    yield "</STRUCTURES>\n</DONNEES>\n</BEE_ELEVES>\n"
