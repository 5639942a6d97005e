"""Lists what the demo's institution tells students: its contacts and its first services."""

from collections.abc import Mapping

INSTITUTION: Mapping[str, object] = {
    "security_contact": "security@university.example",
    "service_desk_url": "https://servicedesk.university.example",
    "services": [
        {
            "name_el": "Ασύρματο δίκτυο eduroam",
            "name_en": "Wireless network eduroam",
            "url": "https://eduroam.university.example",
            "about_el": "Το ασύρματο δίκτυο του ιδρύματος και όσων άλλων μετέχουν στο eduroam.",
            "about_en": "The wireless network of the institution, and of all others in eduroam.",
            "sign_in_as": "address",
        },
        {
            "name_el": "Ηλεκτρονικό ταχυδρομείο",
            "name_en": "E-mail",
            "url": "https://mail.university.example",
            "about_el": "Εκεί σας γράφουν η Γραμματεία και οι διδάσκοντες.",
            "about_en": "The secretariat and your teachers write to you there.",
        },
        {
            "name_el": "Ηλεκτρονική Γραμματεία",
            "name_en": "Student records online",
            "url": "https://students.university.example",
            "about_el": "Δηλώσεις μαθημάτων, βαθμοί και πιστοποιητικά.",
            "about_en": "Course enrolment, grades and certificates.",
        },
        {
            "name_el": "Ηλεκτρονικά μαθήματα",
            "name_en": "Courses online",
            "url": "https://courses.university.example",
            "about_el": "Το υλικό και οι ανακοινώσεις των μαθημάτων σας.",
            "about_en": "Material and announcements of your courses.",
        },
    ],
}
