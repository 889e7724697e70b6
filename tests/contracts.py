"""A law about imports that import-linter does not know: one outside party never speaks of another."""

from importlinter import Contract, ContractCheck, fields, output


class Parties(Contract):
    """Files below these folders belong to the party before the first underscore; `shared` ones belong to nobody."""

    type_name = "parties"

    folders = fields.ListField(subfield=fields.StringField())
    shared = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph, verbose):
        files = [module for module in graph.modules if module.rpartition(".")[0] in self.folders]
        parties = {file: file.partition("_")[0] for file in files if file not in (self.shared or ())}
        broken = [
            (importer, imported)
            for importer in files
            for imported in graph.find_modules_directly_imported_by(importer)
            if imported in parties and parties[imported] != parties.get(importer)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": sorted(broken)})

    def render_broken_contract(self, check):
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} speaks of {imported}")
