"""The company file: a company in YAML for a sandbox.

`Directory.to_company` writes it, the sandbox reads it, and editors check it by its schema.
"""

from __future__ import annotations

from dingtalk_models.company_file.models import CompanyFile
from dingtalk_models.company_file.problems import FileProblem, InvalidCompanyFile
from dingtalk_models.company_file.reading import ReadCompany, read_company
from dingtalk_models.company_file.writing import write_company

__all__ = ["CompanyFile", "FileProblem", "InvalidCompanyFile", "ReadCompany", "read_company", "write_company"]
