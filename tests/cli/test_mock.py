# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mock speaks the interface that dbus/*.xml describes, so that what is tested here holds for deployd."""

import os
import xml.etree.ElementTree as ElementTree

import pytest

from mock import METHODS, NAME, TYPES

FOLDER = os.path.join(os.path.dirname(__file__), "../../dbus")


@pytest.mark.parametrize("noun", TYPES)
def test_methods_and_properties_are_those_of_the_interface(noun):
    tree = ElementTree.parse(f"{FOLDER}/{NAME}.{noun}.xml").getroot()
    methods = {}
    for method in tree.iter("method"):
        arguments = {"in": "", "out": ""}
        for argument in method.iter("arg"):
            arguments[argument.get("direction", "in")] += argument.get("type")
        methods[method.get("name")] = (arguments["in"], arguments["out"])
    properties = {p.get("name"): p.get("type") for p in tree.iter("property")}

    assert {name: methods.get(name) for name in METHODS[noun]} == METHODS[noun]
    assert {name: kind for name, kind in TYPES[noun].items() if name in properties} == \
        {name: properties[name] for name in TYPES[noun] if name in properties}
